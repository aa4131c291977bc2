{{- define "labels" -}}
app: {{ .name }}
component: {{ .tier }}
app.kubernetes.io/part-of: chatdb
{{- end }}

{{- define "peer" -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .namespace }}
  podSelector:
    matchLabels:
      app: {{ .name }}
{{- end }}

{{- define "owned" -}}
app.kubernetes.io/part-of: chatdb
chatdb.io/owner: {{ .name }}
{{- end }}

{{- define "checksum" -}}
{{ dict (printf "%s-config" .name) .settings | toJson | sha256sum | trunc 16 }}
{{- end }}
