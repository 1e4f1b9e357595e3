{{/* Whether a Secret or a ConfigMap is named: something, or nothing. */}}
{{- define "przesiadka.given" -}}
{{- print .secretName .configMapName -}}
{{- end }}

{{/*
Everything that a service's pods mount, as a JSON list: name, path, and either secret or configMap with the items
(file: key), or claim; neither is a place to write. Takes root, service; with `schema` only what the schema job needs.
*/}}
{{- define "przesiadka.mounts" -}}
{{- $values := .root.Values -}}
{{- $service := include "przesiadka.service" . | fromJson -}}
{{- $full := include "przesiadka.fullname" .root -}}
{{- $mounts := list (dict "name" "database" "path" "/run/secrets/przesiadka/database"
    "secret" $service.database.secretName "items" (dict "url" $service.database.key)) -}}
{{- $authorities := dict "database" $values.trust.database -}}
{{- if not .schema -}}
  {{- $mounts = append $mounts (dict "name" "config" "path" "/etc/przesiadka/config"
      "configMap" (printf "%s-%s" $full .service) "items" (dict "przesiadka.toml" "przesiadka.toml")) -}}
  {{- $mounts = concat $mounts (include "przesiadka.mounts.bus" (dict "root" .root "password" $service.bus) | fromJsonArray) -}}
  {{- $mounts = append $mounts (dict "name" "data" "path" "/run/przesiadka") -}}
  {{- $pairs := dict "rest" $values.tls.rest.secretName "grpc" $values.tls.grpc.secretName "ops" $values.tls.ops.secretName -}}
  {{- range $name, $secret := $pairs -}}
    {{- if $secret }}{{ $mounts = append $mounts (include "przesiadka.mount.pair" (list $name $secret) | fromJson) }}{{ end -}}
  {{- end -}}
  {{- if $values.tls.grpc.secretName }}{{ $_ := set $authorities "grpc-clients" $values.tls.grpc.clientCa }}{{ end -}}
  {{- $_ := set $authorities "telemetry" $values.trust.telemetry -}}
  {{- if index $values.catalogue .service | default dict -}}
    {{- $items := dict -}}
    {{- range $file, $_ := index $values.catalogue .service }}{{ $_ := set $items $file $file }}{{ end -}}
    {{- $mounts = append $mounts (dict "name" "catalogue" "path" (print "/etc/przesiadka/catalogue/" .service)
        "configMap" (printf "%s-%s-catalogue" $full .service) "items" $items) -}}
  {{- end -}}
  {{- if has .service (list "audit" "licensing") -}}
    {{- if $values.files.secretName -}}
      {{- $mounts = append $mounts (dict "name" "files-key" "path" "/run/secrets/przesiadka/files"
          "secret" $values.files.secretName "items" (dict "secret_access_key" $values.files.key)) -}}
    {{- end -}}
    {{- if $values.files.existingClaim -}}
      {{- $mounts = append $mounts (dict "name" "files" "path" "/var/lib/przesiadka/files" "claim" $values.files.existingClaim) -}}
    {{- end -}}
  {{- end -}}
  {{- if eq .service "notification" -}}
    {{- $_ := set $authorities "smtp" $values.trust.smtp -}}
    {{- $_ := set $authorities "webhooks" $values.trust.webhooks -}}
    {{- if $values.smtp.secretName -}}
      {{- $mounts = append $mounts (dict "name" "smtp" "path" "/run/secrets/przesiadka/smtp"
          "secret" $values.smtp.secretName "items" (dict "password" $values.smtp.key)) -}}
    {{- end -}}
    {{- if $values.templates -}}
      {{- $items := dict -}}
      {{- range $file, $_ := $values.templates }}{{ $_ := set $items $file (include "przesiadka.template.key" $file) }}{{ end -}}
      {{- $mounts = append $mounts (dict "name" "templates" "path" "/etc/przesiadka/templates"
          "configMap" (printf "%s-%s-templates" $full .service) "items" $items) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $name, $authority := $authorities -}}
  {{- if include "przesiadka.given" $authority -}}
    {{- $mounts = append $mounts (include "przesiadka.mount.authority" (list $name $authority) | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- toJson $mounts -}}
{{- end }}

{{/* What it takes to reach NATS. Takes root, and where the password is. */}}
{{- define "przesiadka.mounts.bus" -}}
{{- $values := .root.Values -}}
{{- $mounts := list (dict "name" "bus" "path" "/run/secrets/przesiadka/bus"
    "secret" .password.secretName "items" (dict "password" .password.key)) -}}
{{- if $values.bus.tls.enabled -}}
  {{- with $values.bus.tls.clientSecretName -}}
    {{- $mounts = append $mounts (include "przesiadka.mount.pair" (list "bus" .) | fromJson) -}}
  {{- end -}}
  {{- if include "przesiadka.given" $values.trust.bus -}}
    {{- $mounts = append $mounts (include "przesiadka.mount.authority" (list "bus" $values.trust.bus) | fromJson) -}}
  {{- end -}}
{{- end -}}
{{- toJson $mounts -}}
{{- end }}

{{/* A certificate and its key. Takes its name and the Secret. */}}
{{- define "przesiadka.mount.pair" -}}
{{- dict "name" (print "tls-" (index . 0)) "path" (print "/etc/przesiadka/tls/" (index . 0))
    "secret" (index . 1) "items" (dict "tls.crt" "tls.crt" "tls.key" "tls.key") | toJson -}}
{{- end }}

{{/* Authorities to trust. Takes their name and where they are. */}}
{{- define "przesiadka.mount.authority" -}}
{{- $authority := index . 1 -}}
{{- $kind := ternary "secret" "configMap" (ne $authority.secretName "") -}}
{{- dict "name" (print "ca-" (index . 0)) "path" (print "/etc/przesiadka/ca/" (index . 0))
    $kind (print $authority.secretName $authority.configMapName) "items" (dict "ca.crt" $authority.key) | toJson -}}
{{- end }}

{{- define "przesiadka.volumeMounts" -}}
{{- range . }}
- name: {{ .name }}
  mountPath: {{ .path }}
  {{- if or .secret .configMap }}
  readOnly: true
  {{- end }}
{{- end }}
{{- end }}

{{- define "przesiadka.volumes" -}}
{{- range . }}
- name: {{ .name }}
  {{- if .claim }}
  persistentVolumeClaim:
    claimName: {{ .claim }}
  {{- else if .secret }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      {{- include "przesiadka.items" .items | trim | nindent 6 }}
  {{- else if .configMap }}
  configMap:
    name: {{ .configMap }}
    items:
      {{- include "przesiadka.items" .items | trim | nindent 6 }}
  {{- else }}
  emptyDir: { medium: Memory, sizeLimit: 1Mi }
  {{- end }}
{{- end }}
{{- end }}

{{- define "przesiadka.items" -}}
{{- range $file, $key := . }}
- key: {{ $key | quote }}
  path: {{ $file | quote }}
{{- end }}
{{- end }}
