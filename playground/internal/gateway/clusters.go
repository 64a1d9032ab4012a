package gateway

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// obj is a piece of Envoy's configuration as JSON; its keys come out sorted, so equal configurations are equal bytes.
type obj = map[string]any

// nowhere answers 500 to everything: what a share of the requests gets whose backend can't be resolved.
const nowhere = "nowhere"

// clusters finds a Service's endpoints by its selector: EndpointSlices refuse loopback addresses, and those are the
// only ones here.
type clusters struct {
	services map[string]*corev1.Service // by namespace/name
	pods     map[string][]*corev1.Pod   // by namespace
	rules    []DestinationRule
	made     map[string]obj
}

func newClusters(w World) *clusters {
	c := &clusters{services: map[string]*corev1.Service{}, pods: map[string][]*corev1.Pod{}, rules: w.DestinationRules, made: map[string]obj{}}
	for _, service := range w.Services {
		c.services[service.Namespace+"/"+service.Name] = service
	}
	for _, pod := range w.Pods {
		c.pods[pod.Namespace] = append(c.pods[pod.Namespace], pod)
	}
	return c
}

// of names the cluster of a Service's port, and makes it if it isn't there. Port 0: the only one, or the first.
func (c *clusters) of(namespace, name string, port int32, subset string) (string, error) {
	service, found := c.services[namespace+"/"+name]
	if !found {
		return "", fmt.Errorf("Service %s/%s does not exist", namespace, name)
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return "", fmt.Errorf("Service %s/%s is an ExternalName, which leads off this machine", namespace, name)
	}
	at := -1
	for i, p := range service.Spec.Ports {
		if (port == 0 || p.Port == port) && p.Protocol != corev1.ProtocolUDP {
			at = i
			break
		}
	}
	if at < 0 {
		return "", fmt.Errorf("Service %s/%s has no port %d", namespace, name, port)
	}
	chosen := service.Spec.Ports[at]
	id := fmt.Sprintf("%s/%s:%d", namespace, name, chosen.Port)
	policy, selector, err := c.destination(namespace, name, subset)
	if err != nil {
		return "", err
	}
	if subset != "" {
		id += "/" + subset
	}
	if _, made := c.made[id]; !made {
		c.made[id] = cluster(id, chosen, policy, c.endpoints(service, chosen, selector))
	}
	return id, nil
}

func (c *clusters) destination(namespace, name, subset string) (policy TrafficPolicy, selector map[string]string, err error) {
	for _, rule := range c.rules {
		ns, service := resolve(rule.Spec.Host, rule.Namespace)
		if ns != namespace || service != name {
			continue
		}
		policy = rule.Spec.TrafficPolicy
		if subset == "" {
			return policy, nil, nil
		}
		for _, s := range rule.Spec.Subsets {
			if s.Name == subset {
				if s.TrafficPolicy != nil {
					policy = *s.TrafficPolicy
				}
				return policy, s.Labels, nil
			}
		}
	}
	if subset != "" {
		err = fmt.Errorf("no DestinationRule for %s/%s has a subset %q", namespace, name, subset)
	}
	return policy, nil, err
}

// resolve reads a host as Istio does: a short name is a Service of the object's own namespace.
func resolve(host, namespace string) (ns, service string) {
	host = strings.TrimSuffix(strings.TrimSuffix(host, ".cluster.local"), ".svc")
	name, rest, dotted := strings.Cut(host, ".")
	if !dotted {
		return namespace, name
	}
	return rest, name
}

func (c *clusters) endpoints(service *corev1.Service, port corev1.ServicePort, subset map[string]string) []string {
	if len(service.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	narrower := labels.SelectorFromSet(subset)
	var found []string
	for _, pod := range c.pods[service.Namespace] {
		set := labels.Set(pod.Labels)
		if !selector.Matches(set) || !narrower.Matches(set) || pod.Status.PodIP == "" {
			continue
		}
		if !takesRequests(pod) && !(service.Spec.PublishNotReadyAddresses && pod.DeletionTimestamp == nil) {
			continue
		}
		if number := targetPort(port, pod); number != 0 {
			found = append(found, pod.Status.PodIP+":"+strconv.Itoa(int(number)))
		}
	}
	sort.Strings(found)
	return found
}

func takesRequests(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func targetPort(port corev1.ServicePort, pod *corev1.Pod) int32 {
	if name := port.TargetPort.StrVal; name != "" {
		for _, container := range pod.Spec.Containers {
			for _, p := range container.Ports {
				if p.Name == name {
					return p.ContainerPort
				}
			}
		}
		return 0
	}
	if port.TargetPort.IntVal != 0 {
		return port.TargetPort.IntVal
	}
	return port.Port
}

func cluster(name string, port corev1.ServicePort, policy TrafficPolicy, endpoints []string) obj {
	hosts := make([]any, 0, len(endpoints))
	for _, endpoint := range endpoints {
		at := strings.LastIndex(endpoint, ":")
		number, _ := strconv.Atoi(endpoint[at+1:])
		hosts = append(hosts, obj{"endpoint": obj{"address": obj{"socket_address": obj{"address": endpoint[:at], "port_value": number}}}})
	}
	pool := policy.ConnectionPool
	limit := func(n int) int {
		if n <= 0 {
			return 100_000
		}
		return n
	}
	made := obj{
		"name":            name,
		"type":            "STATIC",
		"connect_timeout": seconds(pool.TCP.ConnectTimeout, time.Second),
		"load_assignment": obj{"cluster_name": name, "endpoints": []any{obj{"lb_endpoints": hosts}}},
		"circuit_breakers": obj{"thresholds": []any{obj{
			"max_connections":      limit(pool.TCP.MaxConnections),
			"max_pending_requests": limit(pool.HTTP.HTTP1MaxPendingRequests),
			"max_requests":         limit(pool.HTTP.HTTP2MaxRequests),
			"max_retries":          100_000,
		}}},
	}
	switch policy.LoadBalancer.Simple {
	case "LEAST_CONN", "LEAST_REQUEST":
		made["lb_policy"] = "LEAST_REQUEST"
	case "RANDOM":
		made["lb_policy"] = "RANDOM"
	default:
		made["lb_policy"] = "ROUND_ROBIN"
	}
	if o := policy.OutlierDetection; o != nil {
		detection := obj{
			"interval":           seconds(o.Interval, 10*time.Second),
			"base_ejection_time": seconds(o.BaseEjectionTime, 30*time.Second),
		}
		if o.Consecutive5xxErrors != nil && *o.Consecutive5xxErrors > 0 {
			detection["consecutive_5xx"] = *o.Consecutive5xxErrors
		}
		if o.MaxEjectionPercent != nil {
			detection["max_ejection_percent"] = min(max(*o.MaxEjectionPercent, 0), 100)
		}
		made["outlier_detection"] = detection
	}
	if h2(port) {
		made["typed_extension_protocol_options"] = obj{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": obj{
			"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
			"explicit_http_config": obj{"http2_protocol_options": obj{}},
		}}
	}
	return made
}

func h2(port corev1.ServicePort) bool {
	if p := port.AppProtocol; p != nil {
		return *p == "kubernetes.io/h2c" || *p == "grpc" || *p == "http2"
	}
	kind, _, _ := strings.Cut(port.Name, "-")
	return kind == "grpc" || kind == "http2"
}

// seconds writes a Go, Gateway API or Istio duration as Envoy's JSON wants it.
func seconds(text string, otherwise time.Duration) string {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		d = otherwise
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}
