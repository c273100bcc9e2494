{{- define "keepset.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "keepset.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "keepset.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "keepset.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "keepset.selector" -}}
app.kubernetes.io/name: {{ include "keepset.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "keepset.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "keepset.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "keepset.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "keepset.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "keepset.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "keepset.claim" -}}
{{- .Values.store.sqlite.persistence.existingClaim | default (printf "%s-data" (include "keepset.fullname" .)) -}}
{{- end -}}

{{/* The port of "address:port". */}}
{{- define "keepset.port" -}}
{{- regexFind "[0-9]+$" .Values.listen -}}
{{- end -}}

{{- define "keepset.scheme" -}}
{{- if .Values.tls.enabled }}HTTPS{{ else }}HTTP{{ end -}}
{{- end -}}

{{/* What would not work is not installed. */}}
{{- define "keepset.guards" -}}
{{- if and (eq .Values.store.type "sqlite") (gt (int .Values.replicas) 1) -}}
{{- fail (printf "replicas: %d gateways cannot share SQLite: set store.type to postgresql, or replicas to 1" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (eq .Values.store.type "postgresql") (not .Values.store.postgresql.existingSecret) -}}
{{- fail "store.postgresql.existingSecret: name a Secret that has the URL of the database" -}}
{{- end -}}
{{- if and (eq .Values.store.type "postgresql") .Values.networkPolicy.enabled (not .Values.networkPolicy.egress) -}}
{{- fail "networkPolicy.egress: without a rule for PostgreSQL the gateway cannot reach it" -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.admin.existingSecret) -}}
{{- fail "admin.existingSecret: several gateways that start on an empty database would each make a password; name a Secret that has it" -}}
{{- end -}}
{{- $retention := dig "services" "catalog" "runtime_inventory" dict .Values.config -}}
{{- range $name := list "ttl_days" "ingest_overwrite" -}}
{{- $image := get $retention (printf "image_%s" $name) | toString -}}
{{- $inventory := get $retention (printf "inventory_%s" $name) | toString -}}
{{- if and $image $inventory (ne $image $inventory) -}}
{{- fail (printf "config: image_%s and inventory_%s are one setting, given twice with different values" $name $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.tls.enabled (not .Values.tls.existingSecret) -}}
{{- fail "tls.existingSecret: name a Secret of type kubernetes.io/tls, or set tls.enabled to false" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
{{- fail "ingress.host: an ingress for every host would take the requests of others; name one" -}}
{{- end -}}
{{- end -}}
