{{- define "sms-checker.name" -}}
{{ .Release.Name }}
{{- end }}

{{/* Selects the canary's pods, not those of the primary, whose names have one part more. Flagger fills the rest in. */}}
{{- define "sms-checker.canaryPods" -}}
{{ .Values.prometheus.namespaceLabel }}="{{ "{{ namespace }}" }}",{{ .Values.prometheus.podLabel }}=~"{{ "{{ target }}" }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"
{{- end }}

{{- define "sms-checker.load.mode" -}}
{{- $known := list "job" "sidecar" "hey" "none" -}}
{{- if not (has .Values.load.mode $known) -}}
{{- fail (printf "load.mode is %q; known: %s" .Values.load.mode (join ", " $known)) -}}
{{- end -}}
{{ .Values.load.mode }}
{{- end }}

{{- define "sms-checker.load.url" -}}
{{ required "load.url is needed: the gateway's address, or that of the service inside a mesh; or set load.mode to none" .Values.load.url }}
{{- end }}

{{- define "sms-checker.load.k6" -}}
- name: load
  image: {{ .Values.load.k6Image }}
  command: [k6, run, --quiet, /load/load.js]
  env:
    - {name: TARGET, value: {{ include "sms-checker.load.url" . | quote }}}
    - {name: RATE, value: {{ .Values.load.ratePerSecond | quote }}}
    - {name: DURATION, value: {{ eq (include "sms-checker.load.mode" .) "sidecar" | ternary "8760h" .Values.load.duration | quote }}}
  volumeMounts:
    - {name: load, mountPath: /load}
{{- end }}

{{- define "sms-checker.load.volume" -}}
- name: load
  configMap: {name: {{ include "sms-checker.name" . }}-load}
{{- end }}
