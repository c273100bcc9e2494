package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// rendered is what a set of values makes, each document read as its kind: an unknown field is an error.
type rendered struct {
	deployment *appsv1.Deployment
	config     *corev1.ConfigMap
	service    *corev1.Service
	claim      *corev1.PersistentVolumeClaim
	account    *corev1.ServiceAccount
	ingress    *networkingv1.Ingress
	policy     *networkingv1.NetworkPolicy
	budget     *policyv1.PodDisruptionBudget
	monitor    *unstructured.Unstructured
	notes      string
}

func render(c *chart.Chart, values string) (*rendered, error) {
	given, err := chartutil.ReadValues([]byte(values))
	if err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: "inventory", Namespace: "tools", IsInstall: true}
	all, err := chartutil.ToRenderValues(c, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, all)
	if err != nil {
		return nil, err
	}
	r := &rendered{}
	for path, text := range files {
		if strings.Contains(text, "<no value>") || strings.Contains(text, "%!") {
			return nil, fmt.Errorf("%s: a value is missing:\n%s", path, text)
		}
		switch {
		case strings.HasSuffix(path, "NOTES.txt"):
			r.notes = text
		case strings.TrimSpace(text) != "":
			if err := r.read(text); err != nil {
				return nil, fmt.Errorf("%s: %w\n%s", path, err, text)
			}
		}
	}
	return r, nil
}

func (r *rendered) read(text string) error {
	var head struct{ Kind string }
	if err := yaml.Unmarshal([]byte(text), &head); err != nil {
		return err
	}
	into := map[string]any{
		"Deployment": &r.deployment, "ConfigMap": &r.config, "Service": &r.service, "PersistentVolumeClaim": &r.claim,
		"ServiceAccount": &r.account, "Ingress": &r.ingress, "NetworkPolicy": &r.policy, "PodDisruptionBudget": &r.budget,
	}
	if head.Kind == "ServiceMonitor" {
		r.monitor = &unstructured.Unstructured{}
		return yaml.UnmarshalStrict([]byte(text), &r.monitor.Object)
	}
	object, known := into[head.Kind]
	if !known {
		return fmt.Errorf("the kind %q is not expected", head.Kind)
	}
	return yaml.UnmarshalStrict([]byte(text), object)
}

const everything = `
image: { repository: registry.example.com/keepset, digest: "sha256:` + zeros + `" }
imagePullSecrets: [{ name: pull }]
fullnameOverride: inventory-gateway
replicas: 2
config:
  services:
    catalog:
      runtime_inventory: { inventory_ttl_days: 0, inventory_ingest_overwrite: true, ecs_truncation_guard: false }
      cycle_timers: { runtime_inventory_image_ttl_watcher: 86400 }
    apiext: { enabled: true }
  keepset:
    plugin: /plugins/mine.wasm
    shadow_config: /plugins/shadow.yaml
    compat_service_version: 5.10.0
    body_limit: 134217728
    queue_depth: 16
    request_timeout: 9.5
    idle_timeout: 30
    shutdown_grace: 30.5
    login_failures: 5
    keep_removals_days: 30
    keep_health_reports_days: 7
    plugin_places: 8
    place_timeout: 2.5
    inventory_cache_mib: 1024
    otlp_endpoint: http://collector:4318
store: { type: postgresql, postgresql: { existingSecret: database, key: address } }
admin: { existingSecret: admin, key: secret }
tls: { enabled: true, existingSecret: certificate }
log: { format: text, level: "keepset_gateway=debug,info" }
listen: "[::]:9443"
service: { type: LoadBalancer, port: 443, annotations: { a: b } }
ingress: { enabled: true, className: nginx, annotations: { a: b }, host: keepset.example.com, tlsSecret: outside }
serviceMonitor: { enabled: true, labels: { release: prometheus }, tlsConfig: { insecureSkipVerify: true } }
podDisruptionBudget: { maxUnavailable: 50% }
networkPolicy:
  enabled: true
  from: [{ namespaceSelector: { matchLabels: { agents: "yes" } } }]
  egress: [{ to: [{ ipBlock: { cidr: 10.0.0.5/32 } }], ports: [{ port: 5432 }] }]
serviceAccount: { name: mine, annotations: { a: b } }
podAnnotations: { a: b }
podLabels: { c: d }
nodeSelector: { e: f }
tolerations: [{ key: g, operator: Exists }]
affinity: { nodeAffinity: {} }
topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule }]
priorityClassName: high
extraEnv: [{ name: KEEPSET_LIMIT_TIME, value: "10" }]
extraVolumes: [{ name: plugins, configMap: { name: plugins } }]
extraVolumeMounts: [{ name: plugins, mountPath: /plugins }]
`

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

const postgres = `
replicas: 3
store: { type: postgresql, postgresql: { existingSecret: database } }
admin: { existingSecret: admin }
tls: { enabled: true, existingSecret: certificate }
`

// refusals are values that must not be installed, and what is said of them.
var refusals = []struct{ values, said string }{
	{`replicas: 2`, "2 gateways cannot share SQLite"},
	{`store: { type: postgresql }`, "store.postgresql.existingSecret: name a Secret"},
	{"replicas: 2\nstore: { type: postgresql, postgresql: { existingSecret: database } }", "admin.existingSecret: several gateways"},
	{"store: { type: postgresql, postgresql: { existingSecret: database } }\nnetworkPolicy: { enabled: true }", "networkPolicy.egress: without a rule"},
	{"store: { postgresql: { strategy: Surge } }", "strategy"},
	{`tls: { enabled: true }`, "tls.existingSecret: name a Secret"},
	{`ingress: { enabled: true }`, "ingress.host: an ingress for every host"},
	{`config: { services: { catalog: { runtime_inventory: { image_ttl_days: 7, inventory_ttl_days: 0 } } } }`, "given twice with different values"},
	{`replicas: 0`, "replicas"},
	{`replica: 1`, "replica"},
	{`store: { type: mysql }`, "store"},
	{`listen: "0.0.0.0:80"`, "listen"},
	{`image: { digest: "sha256:1" }`, "digest"},
	{`config: { keepset: { store: "sqlite:///elsewhere" } }`, "store"},
	{`config: { keepset: { listen: "0.0.0.0:1" } }`, "listen"},
	{`config: { keepset: { bodylimit: 1 } }`, "bodylimit"},
	{`config: { keepset: { request_timeout: 0 } }`, "request_timeout"},
	{`config: { keepset: { compat_service_version: five } }`, "compat_service_version"},
	{`config: { services: { catalog: { runtime_inventory: { image_ttl_days: -1 } } } }`, "image_ttl_days"},
	{`config: { services: { catalog: { runtime_inventory: { image_ttl: 5 } } } }`, "image_ttl"},
	{`config: { services: { catalog: { runtime_inventory: { image_ingest_overwrite: "yes" } } } }`, "image_ingest_overwrite"},
}

func checkChart(t *tally, s *source) {
	c, err := loader.LoadDir(filepath.Join(root, "host", "gateway", "deploy", "helm", "keepset"))
	if !t.that(err == nil, "the chart cannot be loaded: %v", err) {
		return
	}
	t.that(c.Validate() == nil, "Chart.yaml is not valid: %v", c.Validate())
	for _, known := range []struct{ name, values string }{
		{"default", ""},
		{"without a volume", "store: { sqlite: { persistence: { enabled: false } } }"},
		{"a claim that is there", "store: { sqlite: { persistence: { existingClaim: mine } } }"},
		{"overwrite without a TTL", "config: { services: { catalog: { runtime_inventory: { image_ttl_days: 0, image_ingest_overwrite: true } } } }"},
		{"postgresql", postgres},
		{"tables that change", strings.Replace(postgres, "database }", "database, strategy: Recreate }", 1)},
		{"everything", everything},
	} {
		r, err := render(c, known.values)
		if t.that(err == nil, "%s: %v", known.name, err) {
			checkAny(t, s, known.name, r)
			switch known.name {
			case "default":
				checkDefault(t, r)
			case "without a volume":
				t.that(r.claim == nil, "%s: a claim is made", known.name)
				t.that(strings.Contains(r.notes, "WARNING: without store.sqlite.persistence"), "%s: nobody is warned", known.name)
			case "a claim that is there":
				t.that(r.claim == nil && volume(r, "data").PersistentVolumeClaim.ClaimName == "mine", "%s: it is not used", known.name)
			case "overwrite without a TTL":
				t.that(strings.Contains(r.notes, "WARNING: with overwrite"), "%s: nobody is warned", known.name)
			case "postgresql":
				checkPostgres(t, r)
			case "tables that change":
				t.that(r.deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType, "%s: old and new gateways would meet", known.name)
			case "everything":
				checkEverything(t, r)
			}
		}
	}
	one, errOne := render(c, "")
	other, errOther := render(c, "config: { keepset: { queue_depth: 8 } }")
	if t.that(errOne == nil && errOther == nil, "another configuration: %v, %v", errOne, errOther) {
		sum := func(r *rendered) string { return r.deployment.Spec.Template.Annotations["checksum/config"] }
		t.that(sum(one) != sum(other), "another configuration makes no other pod")
	}
	for _, refusal := range refusals {
		_, err := render(c, refusal.values)
		t.that(err != nil && strings.Contains(err.Error(), refusal.said), "%q should be refused with %q, got: %v", refusal.values, refusal.said, err)
	}
}

func subset(of, all map[string]string) bool {
	for name, value := range of {
		if all[name] != value {
			return false
		}
	}
	return len(of) > 0
}

func volume(r *rendered, name string) corev1.Volume {
	for _, volume := range r.deployment.Spec.Template.Spec.Volumes {
		if volume.Name == name {
			return volume
		}
	}
	return corev1.Volume{}
}

func env(r *rendered, name string) *corev1.EnvVar {
	for _, variable := range r.deployment.Spec.Template.Spec.Containers[0].Env {
		if variable.Name == name {
			return &variable
		}
	}
	return nil
}

func isSecret(variable *corev1.EnvVar, name, key string) bool {
	if variable == nil || variable.ValueFrom == nil || variable.ValueFrom.SecretKeyRef == nil {
		return false
	}
	ref := variable.ValueFrom.SecretKeyRef
	return ref.Name == name && ref.Key == key
}

// checkAny checks what holds whatever the values.
func checkAny(t *tally, s *source, name string, r *rendered) {
	if !t.that(r.deployment != nil && r.config != nil && r.service != nil, "%s: a document is missing", name) {
		return
	}
	pod := r.deployment.Spec.Template
	container := pod.Spec.Containers[0]
	t.that(subset(r.deployment.Spec.Selector.MatchLabels, pod.Labels), "%s: the deployment does not select its pods", name)
	t.that(maps.Equal(r.service.Spec.Selector, r.deployment.Spec.Selector.MatchLabels), "%s: the service selects other pods", name)
	// Selectors cannot change: nothing in them may be of one version.
	t.that(len(r.deployment.Spec.Selector.MatchLabels) == 2, "%s: the deployment selects by more than name and instance", name)
	t.that(r.service.Spec.Ports[0].TargetPort.StrVal == container.Ports[0].Name, "%s: the service's port is none of the pod's", name)

	secure := container.SecurityContext
	t.that(*pod.Spec.SecurityContext.RunAsNonRoot && *pod.Spec.SecurityContext.RunAsUser > 0, "%s: it runs as root", name)
	t.that(pod.Spec.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault, "%s: no seccomp profile", name)
	t.that(*secure.ReadOnlyRootFilesystem && !*secure.AllowPrivilegeEscalation, "%s: the root file system can be written to", name)
	t.that(slices.Equal(secure.Capabilities.Drop, []corev1.Capability{"ALL"}), "%s: it keeps capabilities", name)
	t.that(!*pod.Spec.AutomountServiceAccountToken, "%s: a token is mounted", name)
	t.that(!*pod.Spec.EnableServiceLinks, "%s: services become variables", name)
	t.that(r.account == nil || r.account.Name == pod.Spec.ServiceAccountName, "%s: the service account is another one", name)

	scheme := corev1.URISchemeHTTP
	if env(r, "KEEPSET_TLS_CERTIFICATE") != nil {
		scheme = corev1.URISchemeHTTPS
	}
	probes := map[string]*corev1.Probe{"/health": container.LivenessProbe, "/ready": container.ReadinessProbe}
	for path, probe := range probes {
		ok := probe != nil && probe.HTTPGet.Path == path && probe.HTTPGet.Port.StrVal == container.Ports[0].Name && probe.HTTPGet.Scheme == scheme
		t.that(ok, "%s: the probe of %s", name, path)
		t.that(slices.Contains(s.routes, path), "%s: there is no route %s", name, path)
	}
	t.that(container.StartupProbe != nil && container.StartupProbe.HTTPGet.Path == "/health", "%s: the probe of the start", name)
	listen := env(r, "KEEPSET_LISTEN").Value
	port := listen[strings.LastIndex(listen, ":")+1:]
	t.that(fmt.Sprint(container.Ports[0].ContainerPort) == port, "%s: it listens on %s, not on the container's port", name, port)

	for _, variable := range container.Env {
		t.that(slices.Contains(s.variables, variable.Name), "%s: the program reads no %s", name, variable.Name)
	}
	mounted := map[string]bool{}
	for _, volume := range pod.Spec.Volumes {
		mounted[volume.Name] = true
	}
	for _, mount := range container.VolumeMounts {
		t.that(mounted[mount.Name], "%s: there is no volume %s", name, mount.Name)
	}
	t.that(volume(r, "config").ConfigMap.Name == r.config.Name, "%s: the configuration is another one", name)

	var config struct {
		Services map[string]any `json:"services"`
		Keepset  map[string]any `json:"keepset"`
	}
	text := r.config.Data["keepset.yaml"]
	err := yaml.UnmarshalStrict([]byte(text), &config)
	t.that(err == nil, "%s: the configuration is no YAML: %v", name, err)
	t.that(!strings.Contains(text, "e+"), "%s: a number is written as a float: %s", name, text)
	for key := range config.Keepset {
		t.that(slices.Contains(s.keys, key), "%s: the program knows no key %s", name, key)
	}
	catalog, _ := config.Services["catalog"].(map[string]any)
	_, found := catalog["runtime_inventory"].(map[string]any)
	t.that(found, "%s: the configuration has no runtime_inventory", name)
	grace := 20.0
	if given, ok := config.Keepset["shutdown_grace"].(float64); ok {
		grace = given
	}
	t.that(float64(*pod.Spec.TerminationGracePeriodSeconds) > grace+5, "%s: pods are killed before they have ended", name)
}

func checkDefault(t *tally, r *rendered) {
	spec := r.deployment.Spec
	t.that(*spec.Replicas == 1 && spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType, "default: two processes could meet on one file")
	t.that(env(r, "KEEPSET_DATA_DIR").Value == "/var/lib/keepset" && env(r, "KEEPSET_STORE") == nil, "default: where is the data?")
	t.that(r.claim != nil && volume(r, "data").PersistentVolumeClaim.ClaimName == r.claim.Name, "default: the claim is not used")
	t.that(r.claim.Annotations["helm.sh/resource-policy"] == "keep", "default: the data goes with the release")
	t.that(env(r, "KEEPSET_ADMIN_PASSWORD") == nil && strings.Contains(r.notes, "shown this once"), "default: nobody is told the password")
	t.that(r.budget == nil && r.ingress == nil && r.policy == nil && r.monitor == nil, "default: more is made than asked for")
	t.that(spec.Template.Spec.Containers[0].Image == "keepset:0.1.0", "default: the image is %s", spec.Template.Spec.Containers[0].Image)
	t.that(*spec.Template.Spec.TerminationGracePeriodSeconds == 35, "default: the end takes %d s", *spec.Template.Spec.TerminationGracePeriodSeconds)
	t.that(r.service.Spec.Ports[0].Port == 8228, "default: the port is another one")
}

func checkPostgres(t *tally, r *rendered) {
	spec := r.deployment.Spec
	t.that(*spec.Replicas == 3 && spec.Strategy.Type == appsv1.RollingUpdateDeploymentStrategyType, "postgresql: three that take turns")
	t.that(isSecret(env(r, "KEEPSET_STORE"), "database", "url"), "postgresql: the URL is not taken from the Secret")
	t.that(isSecret(env(r, "KEEPSET_ADMIN_PASSWORD"), "admin", "password"), "postgresql: the password is not taken from the Secret")
	t.that(env(r, "KEEPSET_DATA_DIR") == nil && r.claim == nil && volume(r, "data").Name == "", "postgresql: a volume is made")
	t.that(r.budget != nil && subset(r.budget.Spec.Selector.MatchLabels, spec.Template.Labels), "postgresql: the budget is of other pods")
	t.that(volume(r, "tls").Secret.SecretName == "certificate", "postgresql: the certificate is another one")
	spread := spec.Template.Spec.TopologySpreadConstraints
	t.that(len(spread) == 1 && subset(spread[0].LabelSelector.MatchLabels, spec.Template.Labels), "postgresql: gateways are not spread")
	t.that(strings.Contains(r.notes, "https://inventory-keepset.tools:8228"), "postgresql: agents are told another URL: %s", r.notes)
}

func checkEverything(t *tally, r *rendered) {
	pod := r.deployment.Spec.Template
	t.that(pod.Spec.Containers[0].Image == "registry.example.com/keepset@sha256:"+zeros, "everything: the image is %s", pod.Spec.Containers[0].Image)
	t.that(isSecret(env(r, "KEEPSET_STORE"), "database", "address"), "everything: the key of the URL")
	t.that(isSecret(env(r, "KEEPSET_ADMIN_PASSWORD"), "admin", "secret"), "everything: the key of the password")
	t.that(strings.Contains(r.config.Data["keepset.yaml"], "body_limit: 134217728\n"), "everything: the body limit: %s", r.config.Data["keepset.yaml"])
	t.that(*pod.Spec.TerminationGracePeriodSeconds == 46, "everything: the end takes %d s", *pod.Spec.TerminationGracePeriodSeconds)
	t.that(pod.Spec.ServiceAccountName == "mine", "everything: the service account")
	t.that(r.ingress.Spec.Rules[0].Host == "keepset.example.com", "everything: the ingress's host")
	backend := r.ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	t.that(backend.Name == r.service.Name && backend.Port.Name == r.service.Spec.Ports[0].Name, "everything: the ingress leads elsewhere")
	t.that(subset(r.policy.Spec.PodSelector.MatchLabels, pod.Labels), "everything: the policy is of other pods")
	t.that(len(r.policy.Spec.Egress) == 2 && len(r.policy.Spec.Ingress[0].From) == 1, "everything: the policy's rules")
	selected, _, _ := unstructured.NestedStringMap(r.monitor.Object, "spec", "selector", "matchLabels")
	t.that(subset(selected, r.service.Labels), "everything: the monitor is of another service")
	endpoints, _, _ := unstructured.NestedSlice(r.monitor.Object, "spec", "endpoints")
	endpoint := endpoints[0].(map[string]any)
	t.that(endpoint["port"] == r.service.Spec.Ports[0].Name && endpoint["scheme"] == "https" && endpoint["path"] == "/metrics", "everything: the monitor asks elsewhere")
	t.that(pod.Labels["c"] == "d" && pod.Annotations["a"] == "b", "everything: labels and annotations of the pod")
	t.that(strings.Contains(r.notes, "WARNING: with overwrite"), "everything: the other names of the settings are not looked at")
	t.that(r.deployment.Name == "inventory-gateway", "everything: the name is %s", r.deployment.Name)
}
