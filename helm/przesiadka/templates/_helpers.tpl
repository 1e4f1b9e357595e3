{{- define "przesiadka.services" -}}
{{- list "scheduling" "audit" "licensing" "notification" | toJson -}}
{{- end }}

{{- define "przesiadka.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Short enough for what is put behind it. */}}
{{- define "przesiadka.fullname" -}}
{{- $name := include "przesiadka.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What never changes of one component's pods. Takes root and component. */}}
{{- define "przesiadka.selector" -}}
app.kubernetes.io/name: {{ include "przesiadka.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "przesiadka.podLabels" -}}
{{ include "przesiadka.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end }}

{{- define "przesiadka.labels" -}}
{{ include "przesiadka.podLabels" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{/* Name, namespace and labels. Takes root, component, and a suffix for the name if it is not the component. */}}
{{- define "przesiadka.metadata" -}}
name: {{ include "przesiadka.fullname" .root }}-{{ .suffix | default .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "przesiadka.labels" . | nindent 2 }}
{{- end }}

{{/* What holds for one service: the defaults, and over them its own values. As JSON. */}}
{{- define "przesiadka.service" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values.services .service)) | toJson -}}
{{- end }}

{{- define "przesiadka.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "przesiadka.publicHost" -}}
{{- $given := .Values.config.notification.public_host -}}
{{- if $given -}}
{{ $given }}
{{- else if .Values.ingress.rest.enabled -}}
{{ .Values.ingress.rest.host }}
{{- end -}}
{{- end }}

{{/* Security of every pod, as the profile `restricted` asks, and more. */}}
{{- define "przesiadka.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # Lets this group read what is mounted from Secrets.
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "przesiadka.container" -}}
image: {{ include "przesiadka.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Of what comes before install and upgrade, and goes when all of it has succeeded. */}}
{{- define "przesiadka.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
