{{/* Where pods may go: one rule. `to: []` is any address. With `udp`, over UDP, too. */}}
{{- define "przesiadka.egress" -}}
- ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ int . }} }
    {{- if $.udp }}
    - { protocol: UDP, port: {{ int . }} }
    {{- end }}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "przesiadka.egress.dns" -}}
{{- include "przesiadka.egress" (set (deepCopy .Values.networkPolicy.egress.dns) "udp" true) -}}
{{- end }}

{{/* A service's own database. Takes root, service. */}}
{{- define "przesiadka.egress.database" -}}
{{- $service := include "przesiadka.service" . | fromJson -}}
{{- $common := .root.Values.networkPolicy.egress.database -}}
{{- include "przesiadka.egress" (dict "ports" $common.ports "to" ($service.database.to | default $common.to)) -}}
{{- end }}
