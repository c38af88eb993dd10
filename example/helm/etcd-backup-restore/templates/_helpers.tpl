{{- define "etcd.labels" -}}
app.kubernetes.io/name: etcd
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "etcd.selector" -}}
app.kubernetes.io/name: etcd
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "etcd.image" -}}
{{ .repository }}:{{ if kindIs "string" .tag }}{{ .tag }}{{ else }}{{ int64 .tag }}{{ end }}
{{- end }}

{{/* Helm reads whole numbers as floats. */}}
{{- define "etcd.retentionLength" -}}
{{ if kindIs "string" .Values.autoCompaction.retentionLength }}{{ .Values.autoCompaction.retentionLength }}{{ else }}{{ int64 .Values.autoCompaction.retentionLength }}{{ end }}
{{- end }}

{{- define "etcd.clientScheme" -}}{{ if .Values.tls.etcd.ca }}https{{ else }}http{{ end }}{{- end }}
{{- define "etcd.peerScheme" -}}{{ if (.Values.tls.etcd.peer).ca }}https{{ else }}http{{ end }}{{- end }}

{{- define "etcd.memberName" -}}
{{- $name := printf "%s-etcd-%d" .root.Release.Name .number -}}
{{- if .root.Values.memberNamePrefix }}{{ printf "%s-%s" .root.Values.memberNamePrefix $name }}{{ else }}{{ $name }}{{ end }}
{{- end }}

{{- define "etcd.memberHost" -}}
{{ .root.Release.Name }}-etcd-{{ .number }}.{{ .root.Release.Name }}-etcd-peer.{{ .root.Release.Namespace }}.svc
{{- end }}

{{/* Whether the store is an emulator, which the program knows by an endpoint with http://. It wants no credentials of Google. */}}
{{- define "etcd.isEmulator" -}}
{{- $b := .Values.backup -}}
{{- $given := dict "GCS" $b.gcs.emulatorEnabled "ABS" $b.abs.emulatorEnabled -}}
{{- if eq (toString (get $given $b.storageProvider)) "true" }}yes{{ end }}
{{- end }}

{{/* Where the store is; empty for the place where its provider has it. */}}
{{- define "etcd.storeEndpoint" -}}
{{- $b := .Values.backup -}}
{{- if $b.endpointOverride }}{{ $b.endpointOverride }}
{{- else if eq $b.storageProvider "GCS" }}{{ default "" $b.gcs.storageAPIEndpoint }}
{{- else if and (eq $b.storageProvider "ABS") (include "etcd.isEmulator" .) $b.abs.domain $b.abs.storageAccount }}http://{{ $b.abs.domain }}/{{ $b.abs.storageAccount }}
{{- end }}
{{- end }}

{{- define "etcd.hasSecret" -}}
{{- $b := .Values.backup -}}
{{- $wantsNone := or (has $b.storageProvider (list "" "Local")) (and (eq $b.storageProvider "GCS") (include "etcd.isEmulator" .)) -}}
{{- if not (or $wantsNone $b.existingSecret) }}yes{{ end }}
{{- end }}

{{/* Whether credentials are files in the pod. */}}
{{- define "etcd.mountsSecret" -}}
{{- if and (ne .Values.backup.storageProvider "ECS") (or .Values.backup.existingSecret (include "etcd.hasSecret" .)) }}yes{{ end }}
{{- end }}

{{- define "etcd.secretName" -}}
{{ default (printf "%s-etcd-backup" .Release.Name) .Values.backup.existingSecret }}
{{- end }}

{{/* Fails for values that each are possible and together are not, with what to do. */}}
{{- define "etcd.check" -}}
{{- $b := .Values.backup -}}
{{- $ports := .Values.servicePorts -}}
{{- $all := list ($ports.etcd.client | int) ($ports.etcd.peer | int) ($ports.etcdBackupRestore.server | int) ($ports.etcdWrapper.server | int) -}}
{{- if ne (len ($all | uniq)) (len $all) }}
{{- fail (printf "servicePorts: the ports of one pod have to differ, and are %s" (join ", " $all)) }}
{{- end }}
{{- if and (include "etcd.hasSecret" .) (not (trim (include "etcd.credentials" .))) }}
{{- fail (printf "backup.%s: there are no credentials for %s: give its fields, or the name of a secret as backup.existingSecret" (lower $b.storageProvider) $b.storageProvider) }}
{{- end }}
{{- $endpoint := include "etcd.storeEndpoint" . -}}
{{- $emulator := printf "backup.%s.emulatorEnabled" (lower $b.storageProvider) -}}
{{- $place := ternary "backup.gcs.storageAPIEndpoint" "backup.abs.domain and backup.abs.storageAccount" (eq $b.storageProvider "GCS") -}}
{{- if and (include "etcd.isEmulator" .) (not (hasPrefix "http://" $endpoint)) }}
{{- fail (printf "%s: an emulator is reached at an http:// endpoint, and %s is given: give %s, or backup.endpointOverride" $emulator (default "none" $endpoint) (ternary (printf "it as %s" $place) $place (eq $b.storageProvider "GCS"))) }}
{{- end }}
{{- if and (eq $b.storageProvider "GCS") (eq (toString $b.gcs.emulatorEnabled) "false") (hasPrefix "http://" $endpoint) }}
{{- fail (printf "%s: it is false, and what is at %s would be taken for an emulator, which gets no credentials: write https://" $emulator $endpoint) }}
{{- end }}
{{- if and $b.existingSecret (has $b.storageProvider (list "" "Local")) }}
{{- fail (printf "backup.existingSecret: a secret is of no use with backup.storageProvider %q" $b.storageProvider) }}
{{- end }}
{{- if and $b.existingSecret (eq $b.storageProvider "GCS") (include "etcd.isEmulator" .) }}
{{- fail "backup.existingSecret: a secret is of no use with backup.gcs.emulatorEnabled" }}
{{- end }}
{{- end }}

{{/* The fields of the credentials, under the names that the program reads. */}}
{{- define "etcd.credentials" -}}
{{- $b := .Values.backup -}}
{{- $fields := dict -}}
{{- if eq $b.storageProvider "S3" }}{{ $fields = $b.s3 }}
{{- else if eq $b.storageProvider "ABS" }}{{ $fields = $b.abs }}
{{- else if eq $b.storageProvider "OCS" }}{{ $fields = $b.ocs }}
{{- else if eq $b.storageProvider "GCS" }}
{{- $fields = dict "serviceaccount.json" $b.gcs.serviceAccountJson "credentialsConfig" $b.gcs.credentialsConfig "projectID" $b.gcs.projectID }}
{{- else if eq $b.storageProvider "Swift" }}
{{- $fields = merge (dict "region" $b.swift.regionName) (omit $b.swift "regionName") }}
{{- else if eq $b.storageProvider "OSS" }}
{{- $fields = merge (dict "storageEndpoint" $b.oss.endpoint) (omit $b.oss "endpoint") }}
{{- else if eq $b.storageProvider "ECS" }}{{ $fields = $b.ecs }}
{{- end }}
{{- range $name, $value := $fields }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
{{ $name }}: {{ toString $value | b64enc }}
{{- end }}
{{- end }}
{{- end }}

{{- define "etcd.etcdTlsMounts" -}}
{{- if .Values.tls.etcd.ca }}
- { name: etcd-ca, mountPath: /var/etcd/ssl/ca, readOnly: true }
- { name: etcd-client-tls, mountPath: /var/etcd/ssl/client, readOnly: true }
{{- end }}
{{- end }}
