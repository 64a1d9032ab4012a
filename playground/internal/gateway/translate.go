package gateway

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Translator turns what the API server has into Envoy's clusters and routes. It remembers the last good version of every
// object: a version that makes no sense, or that Envoy refused, leaves the one before in effect, and the others go on.
type Translator struct {
	goodRoutes   map[string]HTTPRoute
	goodServices map[string]VirtualService
	refused      map[string]refusal
	pending      []func() // what becomes good when Envoy has taken the last translation
	suspects     []string
	generations  map[string]int64
}

type refusal struct {
	generation int64
	why        string
}

func NewTranslator() *Translator {
	return &Translator{
		goodRoutes:   map[string]HTTPRoute{},
		goodServices: map[string]VirtualService{},
		refused:      map[string]refusal{},
		generations:  map[string]int64{},
	}
}

// Config is what Envoy gets, and what the objects' owners are told.
type Config struct {
	Clusters map[string]obj // by name
	Hosts    []obj          // Envoy's virtual hosts
	Routes   map[string]RouteVerdict
	Services map[string]error // of each VirtualService, by namespace/name; nil: in effect
	Attached map[string]int   // HTTPRoutes by namespace/gateway/listener
}

// entry is one of Envoy's routes with what decides its place among those of the same host.
type entry struct {
	rank  []int // descending
	age   time.Time
	owner string
	route obj
}

type table struct {
	world    World
	clusters *clusters
	hosts    map[string][]entry
}

func (t *Translator) Translate(w World) Config {
	tab := &table{world: w, clusters: newClusters(w), hosts: map[string][]entry{}}
	config := Config{Routes: map[string]RouteVerdict{}, Services: map[string]error{}, Attached: map[string]int{}}
	t.pending, t.suspects = nil, nil

	there := map[string]bool{}
	for _, route := range sortedRoutes(w.Routes) {
		key := route.Namespace + "/" + route.Name
		there["HTTPRoute "+key] = true
		err := firstOf(checkRoute(route), t.refusalOf("HTTPRoute "+key, route.Generation))
		inEffect, exists := route, true
		if err != nil {
			inEffect, exists = t.goodRoutes[key]
		} else {
			t.taken("HTTPRoute "+key, route.Generation, func() { t.goodRoutes[key] = route })
		}
		verdict := tab.attach(route, config.Attached)
		if exists && inEffect.UID == route.UID {
			verdict.Unresolved = tab.addHTTPRoute(inEffect, verdict.Hostnames)
		} else {
			exists = false
		}
		if err != nil {
			verdict.Refused = sayWhatHolds(err, exists)
		}
		config.Routes[key] = verdict
	}
	for _, service := range sortedVirtualServices(w.VirtualServices) {
		key := service.Namespace + "/" + service.Name
		there["VirtualService "+key] = true
		err := firstOf(checkVirtualService(service), t.refusalOf("VirtualService "+key, service.Generation))
		inEffect, exists := service, true
		if err != nil {
			inEffect, exists = t.goodServices[key]
			exists = exists && inEffect.UID == service.UID
			err = sayWhatHolds(err, exists)
		} else {
			t.taken("VirtualService "+key, service.Generation, func() { t.goodServices[key] = service })
		}
		if exists {
			err = firstOf(err, tab.addVirtualService(inEffect))
		}
		config.Services[key] = err
	}
	t.forget(there)
	tab.addServices()
	config.Clusters, config.Hosts = tab.clusters.made, tab.virtualHosts()
	return config
}

// Accepted says that Envoy has taken the last translation.
func (t *Translator) Accepted() {
	for _, take := range t.pending {
		take()
	}
	t.pending, t.suspects = nil, nil
}

// Refused says that Envoy has not taken the last translation. The objects that are new in it are left out from now on,
// each until its next version; false if there is none, and so nothing to try again.
func (t *Translator) Refused(why string) bool {
	for _, suspect := range t.suspects {
		name, generation, _ := strings.Cut(suspect, "@")
		var number int64
		_, _ = fmt.Sscan(generation, &number)
		t.refused[name] = refusal{number, why}
	}
	return len(t.suspects) > 0
}

func (t *Translator) taken(name string, generation int64, good func()) {
	if before, known := t.generations[name]; !known || before != generation {
		t.suspects = append(t.suspects, fmt.Sprintf("%s@%d", name, generation))
	}
	t.pending = append(t.pending, func() {
		good()
		t.generations[name] = generation
		delete(t.refused, name)
	})
}

func (t *Translator) refusalOf(name string, generation int64) error {
	if r, refused := t.refused[name]; refused && r.generation == generation {
		return fmt.Errorf("Envoy refuses it: %s", r.why)
	}
	return nil
}

func (t *Translator) forget(there map[string]bool) {
	for key := range t.goodRoutes {
		if !there["HTTPRoute "+key] {
			delete(t.goodRoutes, key)
			delete(t.generations, "HTTPRoute "+key)
			delete(t.refused, "HTTPRoute "+key)
		}
	}
	for key := range t.goodServices {
		if !there["VirtualService "+key] {
			delete(t.goodServices, key)
			delete(t.generations, "VirtualService "+key)
			delete(t.refused, "VirtualService "+key)
		}
	}
}

func sayWhatHolds(err error, before bool) error {
	if before {
		return fmt.Errorf("%w; the version before stays in effect", err)
	}
	return fmt.Errorf("%w; no request is routed by it", err)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Every Service is reachable by its names where no route says otherwise, as behind a mesh's sidecars.
func (t *table) addServices() {
	for _, service := range t.world.Services {
		if len(service.Spec.Selector) == 0 {
			continue
		}
		name, err := t.clusters.of(service.Namespace, service.Name, 0, "")
		if err != nil {
			continue
		}
		host := service.Name + "." + service.Namespace + ".svc.cluster.local"
		t.hosts[host] = append(t.hosts[host], entry{route: obj{
			"name":  "service/" + service.Namespace + "/" + service.Name,
			"match": obj{"prefix": "/"},
			"route": plainAction(obj{"cluster": name}),
		}})
	}
}

func (t *table) virtualHosts() []obj {
	names := make([]string, 0, len(t.hosts))
	for host := range t.hosts {
		names = append(names, host)
	}
	sort.Strings(names)
	used := map[string]bool{}
	for _, host := range names {
		used[host] = true
	}
	made := make([]obj, 0, len(names))
	for _, host := range names {
		domains := []any{host}
		for _, alias := range aliases(host) {
			if !used[alias] {
				used[alias] = true
				domains = append(domains, alias)
			}
		}
		routes := make([]any, 0, len(t.hosts[host]))
		for _, e := range t.hosts[host] {
			routes = append(routes, e.route)
		}
		made = append(made, obj{"name": host, "domains": domains, "routes": routes})
	}
	return made
}

// aliases of a Service's full name. Its bare name belongs to the first namespace that has it.
func aliases(host string) []string {
	short, service := strings.CutSuffix(host, ".svc.cluster.local")
	if !service {
		return nil
	}
	name, _, _ := strings.Cut(short, ".")
	return []string{short + ".svc", short, name}
}

// plainAction adds what holds for every route: only requests that no server has seen are tried again, at another one.
func plainAction(action obj) obj {
	if _, set := action["timeout"]; !set {
		action["timeout"] = "0s"
	}
	if _, set := action["retry_policy"]; !set {
		action["retry_policy"] = retryPolicy()
	}
	return action
}

func retryPolicy() obj {
	return obj{
		"retry_on":       "connect-failure,refused-stream,reset-before-request",
		"num_retries":    3,
		"retry_back_off": obj{"base_interval": "0.002s", "max_interval": "0.05s"},
		"retry_host_predicate": []any{obj{
			"name":         "envoy.retry_host_predicates.previous_hosts",
			"typed_config": obj{"@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"},
		}},
		"host_selection_retry_max_attempts": 5,
	}
}

// share is one of the backends of a rule; an unresolved one answers 500 to its share.
type share struct {
	cluster string
	weight  int64
	headers obj // request_headers_to_add and so on
}

// split writes the shares as an action, or as an answer of 500 where no request can go anywhere.
func split(shares []share) obj {
	var total int64
	var live []any
	for _, s := range shares {
		if s.weight <= 0 {
			continue
		}
		total += s.weight
		one := obj{"name": s.cluster, "weight": s.weight}
		for key, value := range s.headers {
			one[key] = value
		}
		live = append(live, one)
	}
	if total == 0 {
		return nil
	}
	return obj{"weighted_clusters": obj{"clusters": live}}
}

func mirrorPolicy(cluster string, millionths int) obj {
	return obj{"cluster": cluster, "runtime_fraction": obj{"default_value": obj{"numerator": millionths, "denominator": "MILLION"}}}
}

// checkRegex knows what Envoy takes: both read RE2.
func checkRegex(field, pattern string) error {
	if _, err := regexp.Compile(pattern); err != nil {
		return fmt.Errorf("%s: %q is no RE2 expression (%v)", field, pattern, err)
	}
	return nil
}

func headerOptions(prefix string, set, add [][2]string, remove []string, into obj) {
	var options []any
	for i, list := range [][][2]string{set, add} {
		action := []string{"OVERWRITE_IF_EXISTS_OR_ADD", "APPEND_IF_EXISTS_OR_ADD"}[i]
		for _, h := range list {
			if fixed(h[0]) {
				continue
			}
			options = append(options, obj{
				"header":        obj{"key": h[0], "value": strings.ReplaceAll(h[1], "%", "%%")},
				"append_action": action,
			})
		}
	}
	if len(options) > 0 {
		before, _ := into[prefix+"_headers_to_add"].([]any)
		into[prefix+"_headers_to_add"] = append(before, options...)
	}
	var removed []any
	for _, name := range remove {
		if !fixed(name) {
			removed = append(removed, name)
		}
	}
	if len(removed) > 0 {
		before, _ := into[prefix+"_headers_to_remove"].([]any)
		into[prefix+"_headers_to_remove"] = append(before, removed...)
	}
}

// Envoy refuses to modify these.
func fixed(header string) bool {
	return strings.HasPrefix(header, ":") || strings.EqualFold(header, "host")
}

func older(a, b metav1.ObjectMeta) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Namespace+"/"+a.Name < b.Namespace+"/"+b.Name
}

func sortedRoutes(routes []HTTPRoute) []HTTPRoute {
	sorted := append([]HTTPRoute(nil), routes...)
	sort.SliceStable(sorted, func(i, j int) bool { return older(sorted[i].ObjectMeta, sorted[j].ObjectMeta) })
	return sorted
}

func sortedVirtualServices(services []VirtualService) []VirtualService {
	sorted := append([]VirtualService(nil), services...)
	sort.SliceStable(sorted, func(i, j int) bool { return older(sorted[i].ObjectMeta, sorted[j].ObjectMeta) })
	return sorted
}
