{{- define "console.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Takes a dict of root and component. */}}
{{- define "console.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "console.labels" -}}
{{ include "console.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* Every pod: an ordinary user, a root file system that nobody writes to, and no rights that a process does not need.
     Takes a dict of root, component, args, resources, and where there are any ports, probes, restart, claim (of a volume for backups), secret (of settings of its own). */}}
{{- define "console.pod" -}}
metadata:
  labels:
    {{- include "console.labels" . | nindent 4 }}
    {{- with .root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .root.Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 60
  {{- with .restart }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- with .root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "console.selector" . | nindent 10 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: console
      image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args:
        {{- range .args }}
        - {{ . | toString | quote }}
        {{- end }}
      env:
        - name: BASE_URL
          value: {{ printf "https://%s" .root.Values.host | quote }}
        - name: ALLOWED_HOSTS
          value: {{ .root.Values.host | quote }}
        - name: TRUSTED_PROXIES
          value: {{ join "," .root.Values.trustedProxies | quote }}
        {{- if .serves }}
        - name: LISTEN
          value: {{ .root.Values.listen | quote }}
        {{- else if .root.Values.metrics.podMonitor.enabled }}
        - name: METRICS_LISTEN
          value: {{ printf (contains ":" .root.Values.listen | ternary "[%s]:9464" "%s:9464") .root.Values.listen | quote }}
        {{- end }}
        {{- range $name, $value := .root.Values.settings }}
        - name: {{ $name }}
          {{- /* A number is a float here, which toString writes as 5e+06. */}}
          value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
        {{- end }}
      envFrom:
        - secretRef:
            name: {{ .root.Values.existingSecret }}
        {{- with .secret }}
        - secretRef:
            name: {{ . }}
        {{- end }}
      {{- if .serves }}
      ports:
        - name: http
          containerPort: 8000
      lifecycle:
        preStop:
          exec:
            # Until every ingress controller knows that this pod goes.
            command: [sleep, "8"]
      {{- else if and .probes .root.Values.metrics.podMonitor.enabled }}
      ports:
        - name: metrics
          containerPort: 9464
      {{- end }}
      {{- with .probes }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        - name: cache
          mountPath: /var/cache/console
        - name: data
          mountPath: /var/lib/console
        {{- if .root.Values.caSecret }}
        - name: ca
          mountPath: /etc/console/ca
          readOnly: true
        {{- end }}
        {{- if .claim }}
        - name: backup
          mountPath: /backup
        {{- end }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 2Gi
    - name: cache
      emptyDir:
        sizeLimit: 4Gi
    {{- with .claim }}
    - name: backup
      persistentVolumeClaim:
        claimName: {{ . }}
    {{- end }}
    - name: data
      {{- if and .root.Values.storage.enabled (or .claim (not .restart)) }}
      persistentVolumeClaim:
        claimName: {{ .root.Values.storage.existingClaim | default (printf "%s-data" (include "console.name" .root)) }}
      {{- else }}
      emptyDir:
        sizeLimit: 1Gi
      {{- end }}
    {{- with .root.Values.caSecret }}
    - name: ca
      secret:
        secretName: {{ . }}
    {{- end }}
{{- end }}

{{/* Of a server; takes a dict of ready, the path by which it says so, and failures, how often it may say that it is not.
     /healthz waits for a thread like any request: while the database is silent that takes longer, and a restart does not help. */}}
{{- define "console.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 12
readinessProbe:
  httpGet: {path: {{ .ready }}, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: {{ .failures }}
{{- end }}

{{/* Of a worker and the scheduler: whether they have shown a heartbeat. */}}
{{- define "console.heartbeat" -}}
livenessProbe:
  exec:
    command: [python, deploy/container/healthy.py]
  initialDelaySeconds: 60
  periodSeconds: 60
  timeoutSeconds: 15
  failureThreshold: 3
{{- end }}
