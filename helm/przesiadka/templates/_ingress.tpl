{{/* A spec up to its list of paths. */}}
{{- define "przesiadka.ingress.head" -}}
{{- with .className }}
ingressClassName: {{ . }}
{{- end }}
{{- with .tlsSecretName }}
tls:
  - hosts: [{{ $.host | quote }}]
    secretName: {{ . }}
{{- end }}
rules:
  - host: {{ .host | quote }}
    http:
      paths:
{{- end }}

{{/* Takes the release's name, service and port. */}}
{{- define "przesiadka.ingress.backend" -}}
pathType: Prefix
backend:
  service:
    name: {{ index . 0 }}-{{ index . 1 }}
    port:
      name: {{ index . 2 }}
{{- end }}
