{{/* A table as TOML, a line for each value by its whole path. What is empty has not been given. Takes prefix, table. */}}
{{- define "przesiadka.toml" -}}
{{- range $key, $value := .table }}
{{- $path := print $.prefix $key }}
{{- if or (kindIs "invalid" $value) (and (kindIs "string" $value) (not $value)) }}
{{- else if and (kindIs "map" $value) $value }}
{{- include "przesiadka.toml" (dict "prefix" (print $path ".") "table" $value) }}
{{- else }}
{{ $path }} = {{ include "przesiadka.toml.value" $value }}
{{- end }}
{{- end }}
{{- end }}

{{- define "przesiadka.toml.value" -}}
{{- if kindIs "string" . -}}
{{ toJson . }}
{{- else if kindIs "slice" . -}}
[{{ range $i, $value := . }}{{ if $i }}, {{ end }}{{ include "przesiadka.toml.value" $value }}{{ end }}]
{{- else if and (kindIs "map" .) (not .) -}}
{}
{{- else if kindIs "map" . -}}
{ {{- range $i, $key := keys . | sortAlpha }}{{ if $i }},{{ end }} {{ $key }} = {{ include "przesiadka.toml.value" (index $ $key) }}{{ end }} }
{{- else if kindIs "bool" . -}}
{{ . }}
{{- else if eq (float64 .) (float64 (int64 .)) -}}
{{/* Helm reads numbers as floating ones. */}}{{ int64 . }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end }}

{{/* What the chart sets of `bus`. As JSON. Takes root, user. */}}
{{- define "przesiadka.bus" -}}
{{- $values := .root.Values -}}
{{- $bus := dict "kind" "nats" "user" .user "password_file" "/run/secrets/przesiadka/bus/password" -}}
{{- if $values.bus.tls.enabled -}}
  {{- $tls := dict -}}
  {{- if include "przesiadka.given" $values.trust.bus }}{{ $_ := set $tls "ca" "/etc/przesiadka/ca/bus/ca.crt" }}{{ end -}}
  {{- if $values.bus.tls.clientSecretName -}}
    {{- $_ := set $tls "cert" "/etc/przesiadka/tls/bus/tls.crt" -}}
    {{- $_ := set $tls "key" "/etc/przesiadka/tls/bus/tls.key" -}}
  {{- end -}}
  {{- $_ := set $bus "tls" $tls -}}
{{- end -}}
{{- toJson $bus -}}
{{- end }}

{{/* The settings of one service: what the values say, and what follows from the cluster. As JSON. Takes root, service. */}}
{{- define "przesiadka.settings" -}}
{{- $values := .root.Values -}}
{{- $service := include "przesiadka.service" . | fromJson -}}
{{- $given := deepCopy $values.config -}}
{{- $secrets := "/run/secrets/przesiadka" -}}
{{- $certificates := "/etc/przesiadka/tls" -}}
{{- $authorities := "/etc/przesiadka/ca" -}}

{{- $database := dict "kind" "postgres" "schema_at_start" false .service (dict "url_file" (print $secrets "/database/url")) -}}
{{- $bus := include "przesiadka.bus" (dict "root" .root "user" $service.bus.user) | fromJson -}}
{{- /* Nothing but what the pod itself forgets: everything that is kept lies elsewhere. */}}
{{- $telemetry := dict "format" "json" -}}
{{- if include "przesiadka.given" $values.trust.telemetry }}{{ $_ := set $telemetry "otlp_ca_file" (print $authorities "/telemetry/ca.crt") }}{{ end -}}
{{- $ours := dict "data_dir" "/run/przesiadka/data" "database" $database "bus" $bus "auth" (dict "development" false) "telemetry" $telemetry -}}

{{- range $port, $number := dict "rest" 8080 "grpc" 8081 "ops" 8082 -}}
  {{- $listen := dict "listen" (printf "0.0.0.0:%d" $number) -}}
  {{- $tls := index $values.tls $port -}}
  {{- if $tls.secretName -}}
    {{- $files := dict "cert" (printf "%s/%s/tls.crt" $certificates $port) "key" (printf "%s/%s/tls.key" $certificates $port) -}}
    {{- if and (eq $port "grpc") (include "przesiadka.given" $tls.clientCa) -}}
      {{- $_ := set $files "client_ca" (print $authorities "/grpc-clients/ca.crt") -}}
    {{- end -}}
    {{- $_ := set $listen "tls" $files -}}
  {{- end -}}
  {{- $_ := set $ours $port $listen -}}
{{- end -}}

{{- if index ($values.catalogue) .service | default dict -}}
  {{- $_ := set $ours "catalogue" (dict "dir" "/etc/przesiadka/catalogue") -}}
{{- end -}}
{{- if not (has .service (list "audit" "licensing")) -}}
  {{- $_ := unset $given "files" -}}
{{- else if $values.files.secretName -}}
  {{- $_ := set $ours "files" (dict "secret_access_key_file" (print $secrets "/files/secret_access_key")) -}}
{{- end -}}
{{- if ne .service "notification" -}}
  {{- $_ := unset $given "notification" -}}
{{- else -}}
  {{- $smtp := dict -}}
  {{- if $values.smtp.secretName }}{{ $_ := set $smtp "password_file" (print $secrets "/smtp/password") }}{{ end -}}
  {{- if include "przesiadka.given" $values.trust.smtp }}{{ $_ := set $smtp "ca_file" (print $authorities "/smtp/ca.crt") }}{{ end -}}
  {{- $notification := dict "public_host" (include "przesiadka.publicHost" .root) "channel" (dict "smtp" $smtp) -}}
  {{- if include "przesiadka.given" $values.trust.webhooks -}}
    {{- $_ := set $notification "webhooks" (dict "ca_file" (print $authorities "/webhooks/ca.crt")) -}}
  {{- end -}}
  {{- if $values.templates }}{{ $_ := set $notification "templates" "/etc/przesiadka/templates" }}{{ end -}}
  {{- $_ := set $ours "notification" $notification -}}
{{- end -}}
{{- mergeOverwrite $given $ours | toJson -}}
{{- end }}

{{/* What pods have to be restarted for when it changes. The log's filter is read again while they run. */}}
{{- define "przesiadka.checksum" -}}
{{- $settings := include "przesiadka.settings" . | fromJson -}}
{{- $_ := unset $settings.telemetry "filter" -}}
{{- $catalogue := index .root.Values.catalogue .service | default dict -}}
{{- $templates := ternary .root.Values.templates (dict) (eq .service "notification") -}}
{{- list $settings $catalogue $templates | toJson | sha256sum -}}
{{- end }}

{{/* A key of a ConfigMap has no `/`. */}}
{{- define "przesiadka.template.key" -}}
{{ replace "/" "__" . }}
{{- end }}
