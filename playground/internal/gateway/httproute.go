package gateway

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	gatewayGroup   = "gateway.networking.k8s.io"
	controllerName = "playground.dev/gateway"
)

// RouteVerdict is what an HTTPRoute's status says.
type RouteVerdict struct {
	Parents    []ParentVerdict
	Hostnames  []string // in effect; none: not attached
	Refused    error    // nil: in effect as written
	Unresolved []Unresolved
}

type ParentVerdict struct {
	Ref     ParentRef
	Reason  string // Accepted, or why not
	Message string
}

type Unresolved struct {
	Reason, Message string
}

// attach finds the listeners that take the route.
func (t *table) attach(route HTTPRoute, attached map[string]int) RouteVerdict {
	var verdict RouteVerdict
	seen := map[string]bool{}
	for _, ref := range route.Spec.ParentRefs {
		parent, hosts := t.parent(route, ref, attached)
		if parent == nil {
			continue
		}
		verdict.Parents = append(verdict.Parents, *parent)
		for _, host := range hosts {
			if !seen[host] {
				seen[host] = true
				verdict.Hostnames = append(verdict.Hostnames, host)
			}
		}
	}
	return verdict
}

// parent is nil where another controller has the say.
func (t *table) parent(route HTTPRoute, ref ParentRef, attached map[string]int) (*ParentVerdict, []string) {
	namespace := text(ref.Namespace, route.Namespace)
	no := func(reason, message string, args ...any) (*ParentVerdict, []string) {
		return &ParentVerdict{ref, reason, fmt.Sprintf(message, args...)}, nil
	}
	if text(ref.Kind, "Gateway") == "Service" && text(ref.Group, gatewayGroup) == "" {
		if t.clusters.services[namespace+"/"+ref.Name] == nil {
			return no("NoMatchingParent", "Service %s/%s does not exist", namespace, ref.Name)
		}
		return &ParentVerdict{ref, "Accepted", ""}, []string{ref.Name + "." + namespace + ".svc.cluster.local"}
	}
	if text(ref.Kind, "Gateway") != "Gateway" || text(ref.Group, gatewayGroup) != gatewayGroup {
		return nil, nil
	}
	var gateway *Gateway
	for i := range t.world.Gateways {
		if g := &t.world.Gateways[i]; g.Namespace == namespace && g.Name == ref.Name {
			gateway = g
		}
	}
	if gateway == nil {
		return no("NoMatchingParent", "Gateway %s/%s does not exist", namespace, ref.Name)
	}
	if !t.ours(*gateway) {
		return nil, nil
	}
	reason, why := "NoMatchingParent", "no listener fits sectionName and port"
	var hosts []string
	for _, listener := range gateway.Spec.Listeners {
		if !takesHTTP(listener) || ref.SectionName != nil && *ref.SectionName != listener.Name || ref.Port != nil && *ref.Port != listener.Port {
			continue
		}
		if !t.allowed(*gateway, listener, route.Namespace) {
			reason, why = "NotAllowedByListeners", "allowedRoutes of listener "+listener.Name+" leaves out namespace "+route.Namespace
			continue
		}
		both := intersect(route.Spec.Hostnames, listener.Hostname)
		if len(both) == 0 {
			reason, why = "NoMatchingListenerHostname", "no hostname of the route fits "+listener.Hostname
			continue
		}
		attached[namespace+"/"+ref.Name+"/"+listener.Name]++
		hosts = append(hosts, both...)
	}
	if len(hosts) == 0 {
		return no(reason, "Gateway %s/%s: %s", namespace, ref.Name, why)
	}
	return &ParentVerdict{ref, "Accepted", ""}, hosts
}

func takesHTTP(listener Listener) bool { return listener.Protocol == "HTTP" }

func (t *table) ours(gateway Gateway) bool {
	for _, class := range t.world.Classes {
		if class.Name == gateway.Spec.GatewayClassName {
			return class.Spec.ControllerName == controllerName
		}
	}
	return false
}

func (t *table) allowed(gateway Gateway, listener Listener, namespace string) bool {
	switch from := listener.AllowedRoutes.Namespaces; from.From {
	case "All":
		return true
	case "Selector":
		selector, err := metav1.LabelSelectorAsSelector(from.Selector)
		for _, n := range t.world.Namespaces {
			if err == nil && n.Name == namespace {
				return selector.Matches(labels.Set(n.Labels))
			}
		}
		return false
	case "None":
		return false
	}
	return namespace == gateway.Namespace
}

// intersect keeps of the route's hostnames what the listener takes, the more exact of both.
func intersect(route []string, listener string) []string {
	if len(route) == 0 {
		if listener == "" {
			listener = "*"
		}
		return []string{listener}
	}
	var both []string
	for _, host := range route {
		switch {
		case listener == "" || listener == host || wildcard(listener, host):
			both = append(both, host)
		case wildcard(host, listener):
			both = append(both, listener)
		}
	}
	return both
}

func wildcard(pattern, host string) bool {
	suffix, is := strings.CutPrefix(pattern, "*")
	return is && strings.HasSuffix(host, suffix) && len(host) > len(suffix)
}

// checkRoute says what can't be translated; what can't be resolved is another matter.
func checkRoute(route HTTPRoute) error {
	for i, rule := range route.Spec.Rules {
		at := fmt.Sprintf("spec.rules[%d]", i)
		for j, match := range rule.Matches {
			where := fmt.Sprintf("%s.matches[%d]", at, j)
			if match.Path != nil {
				switch match.Path.Type {
				case "", "PathPrefix", "Exact":
				case "RegularExpression":
					if err := checkRegex(where+".path.value", match.Path.Value); err != nil {
						return err
					}
				default:
					return fmt.Errorf("%s.path.type: %q is unknown; known: Exact, PathPrefix, RegularExpression", where, match.Path.Type)
				}
			}
			for _, named := range append(append([]NamedMatch(nil), match.Headers...), match.QueryParams...) {
				switch named.Type {
				case "", "Exact":
				case "RegularExpression":
					if err := checkRegex(where+" "+named.Name, named.Value); err != nil {
						return err
					}
				default:
					return fmt.Errorf("%s: type %q of %s is unknown; known: Exact, RegularExpression", where, named.Type, named.Name)
				}
			}
		}
		for _, timeout := range []string{rule.Timeouts.Request, rule.Timeouts.BackendRequest} {
			if _, err := time.ParseDuration(timeout); timeout != "" && err != nil {
				return fmt.Errorf("%s.timeouts: %q is no duration", at, timeout)
			}
		}
		filters := rule.Filters
		for _, backend := range rule.BackendRefs {
			for _, filter := range backend.Filters {
				if filter.Type != "RequestHeaderModifier" && filter.Type != "ResponseHeaderModifier" {
					return fmt.Errorf("%s.backendRefs: filter %s is not supported there; move it to the rule", at, filter.Type)
				}
			}
		}
		for _, filter := range filters {
			switch filter.Type {
			case "RequestHeaderModifier", "ResponseHeaderModifier", "URLRewrite", "RequestRedirect", "RequestMirror", "CORS":
			default:
				return fmt.Errorf("%s.filters: %s is not supported", at, filter.Type)
			}
		}
	}
	return nil
}

func (t *table) addHTTPRoute(route HTTPRoute, hostnames []string) (unresolved []Unresolved) {
	rules := route.Spec.Rules
	if len(rules) == 0 {
		rules = []RouteRule{{}}
	}
	for i, rule := range rules {
		action, problems := t.ruleAction(route, rule)
		unresolved = append(unresolved, problems...)
		matches := rule.Matches
		if len(matches) == 0 {
			matches = []RouteMatch{{}}
		}
		for j, match := range matches {
			made := obj{"name": fmt.Sprintf("httproute/%s/%s/%d/%d", route.Namespace, route.Name, i, j), "match": routeMatch(match)}
			for key, value := range action(match) {
				made[key] = value
			}
			e := entry{rank: rank(match), age: route.CreationTimestamp.Time, owner: route.Namespace + "/" + route.Name, route: made}
			for _, host := range hostnames {
				t.insert(host, e)
			}
		}
	}
	return unresolved
}

// insert keeps the order of Gateway API: the more exact match first, then the older route, then as written.
func (t *table) insert(host string, e entry) {
	before := t.hosts[host]
	at := sort.Search(len(before), func(i int) bool { return precedes(e, before[i]) })
	before = append(before, entry{})
	copy(before[at+1:], before[at:])
	before[at] = e
	t.hosts[host] = before
}

func precedes(a, b entry) bool {
	for i := range a.rank {
		if a.rank[i] != b.rank[i] {
			return a.rank[i] > b.rank[i]
		}
	}
	if !a.age.Equal(b.age) {
		return a.age.Before(b.age)
	}
	return a.owner < b.owner
}

func rank(match RouteMatch) []int {
	kind, length := 1, 1
	if match.Path != nil {
		length = len(match.Path.Value)
		switch match.Path.Type {
		case "Exact":
			kind = 3
		case "RegularExpression":
			kind = 2
		}
	}
	method := 0
	if match.Method != "" {
		method = 1
	}
	return []int{kind, length, method, len(match.Headers), len(match.QueryParams)}
}

func routeMatch(match RouteMatch) obj {
	made := obj{"prefix": "/"}
	if p := match.Path; p != nil {
		switch p.Type {
		case "Exact":
			made = obj{"path": p.Value}
		case "RegularExpression":
			made = obj{"safe_regex": obj{"regex": p.Value}}
		default:
			if trimmed := strings.TrimRight(p.Value, "/"); trimmed != "" {
				made = obj{"path_separated_prefix": trimmed}
			}
		}
	}
	var headers, queries []any
	if match.Method != "" {
		headers = append(headers, obj{"name": ":method", "string_match": obj{"exact": match.Method}})
	}
	for _, h := range firstOfName(match.Headers, strings.EqualFold) {
		headers = append(headers, obj{"name": h.Name, "string_match": stringMatch(h)})
	}
	for _, q := range firstOfName(match.QueryParams, func(a, b string) bool { return a == b }) {
		queries = append(queries, obj{"name": q.Name, "string_match": stringMatch(q)})
	}
	if headers != nil {
		made["headers"] = headers
	}
	if queries != nil {
		made["query_parameters"] = queries
	}
	return made
}

// firstOfName: of several entries with one name only the first counts, says the API.
func firstOfName(all []NamedMatch, same func(a, b string) bool) (kept []NamedMatch) {
next:
	for _, one := range all {
		for _, k := range kept {
			if same(k.Name, one.Name) {
				continue next
			}
		}
		kept = append(kept, one)
	}
	return kept
}

func stringMatch(named NamedMatch) obj {
	if named.Type == "RegularExpression" {
		return obj{"safe_regex": obj{"regex": named.Value}}
	}
	return obj{"exact": named.Value}
}

// ruleAction is what becomes of a request that matches, beside the match: a rewrite needs to know the matched prefix.
func (t *table) ruleAction(route HTTPRoute, rule RouteRule) (func(RouteMatch) obj, []Unresolved) {
	var unresolved []Unresolved
	var shares []share
	for _, backend := range rule.BackendRefs {
		one := share{cluster: nowhere, weight: 1, headers: obj{}}
		if backend.Weight != nil {
			one.weight = *backend.Weight
		}
		if name, problem := t.backend(route, backend); problem != nil {
			unresolved = append(unresolved, *problem)
		} else {
			one.cluster = name
		}
		for _, filter := range backend.Filters {
			modifyHeaders(filter, one.headers)
		}
		shares = append(shares, one)
	}

	headers, action := obj{}, split(shares)
	var mirrors []any
	for _, filter := range rule.Filters {
		modifyHeaders(filter, headers)
		if filter.Type == "CORS" {
			headers["typed_per_filter_config"] = corsOf(filter)
		}
		if filter.Type != "RequestMirror" {
			continue
		}
		name, problem := t.backend(route, filter.RequestMirror.BackendRef)
		if problem != nil {
			unresolved = append(unresolved, *problem)
			continue
		}
		mirrors = append(mirrors, mirrorPolicy(name, mirrored(filter)))
	}
	if action != nil {
		if mirrors != nil {
			action["request_mirror_policies"] = mirrors
		}
		if d := rule.Timeouts.Request; d != "" {
			action["timeout"] = orNone(d)
		}
		plainAction(action)
		if d := rule.Timeouts.BackendRequest; d != "" && orNone(d) != "0s" {
			action["retry_policy"].(obj)["per_try_timeout"] = orNone(d)
		}
	}
	return func(match RouteMatch) obj {
		made := obj{}
		for key, value := range headers {
			made[key] = value
		}
		for _, filter := range rule.Filters {
			if filter.Type == "RequestRedirect" {
				made["redirect"] = redirect(filter, match)
				return made
			}
		}
		if action == nil {
			made["direct_response"] = obj{"status": 500, "body": obj{"inline_string": "no backend with a weight above 0\n"}}
			return made
		}
		own := obj{}
		for key, value := range action {
			own[key] = value
		}
		for _, filter := range rule.Filters {
			if filter.Type == "URLRewrite" {
				if h := filter.URLRewrite.Hostname; h != "" {
					own["host_rewrite_literal"] = h
				}
				rewritePath(filter.URLRewrite.Path, match, own)
			}
		}
		made["route"] = own
		return made
	}, unresolved
}

func orNone(duration string) string {
	d, err := time.ParseDuration(duration)
	if err != nil || d <= 0 {
		return "0s"
	}
	return seconds(duration, d)
}

func mirrored(filter RouteFilter) int {
	m := filter.RequestMirror
	switch {
	case m.Fraction != nil:
		denominator := 100
		if m.Fraction.Denominator != nil && *m.Fraction.Denominator > 0 {
			denominator = *m.Fraction.Denominator
		}
		return min(max(m.Fraction.Numerator, 0)*1_000_000/denominator, 1_000_000)
	case m.Percent != nil:
		return min(max(*m.Percent, 0), 100) * 10_000
	}
	return 1_000_000
}

func modifyHeaders(filter RouteFilter, into obj) {
	switch filter.Type {
	case "RequestHeaderModifier":
		headerOptions("request", pairs(filter.RequestHeaderModifier.Set), pairs(filter.RequestHeaderModifier.Add), filter.RequestHeaderModifier.Remove, into)
	case "ResponseHeaderModifier":
		headerOptions("response", pairs(filter.ResponseHeaderModifier.Set), pairs(filter.ResponseHeaderModifier.Add), filter.ResponseHeaderModifier.Remove, into)
	}
}

func pairs(named []NamedMatch) (made [][2]string) {
	for _, n := range named {
		made = append(made, [2]string{n.Name, n.Value})
	}
	return made
}

func matchedPrefix(match RouteMatch) (string, bool) {
	if match.Path == nil {
		return "/", true
	}
	return match.Path.Value, match.Path.Type == "" || match.Path.Type == "PathPrefix"
}

func rewritePath(path *PathModifier, match RouteMatch, action obj) {
	if path == nil {
		return
	}
	prefix, isPrefix := matchedPrefix(match)
	switch {
	case path.Type == "ReplaceFullPath":
		action["regex_rewrite"] = regexRewrite("^/.*$", path.ReplaceFullPath)
	case !isPrefix:
	case strings.TrimRight(prefix, "/") == "":
		action["regex_rewrite"] = regexRewrite("^/", strings.TrimRight(path.ReplacePrefixMatch, "/")+"/")
	case strings.TrimRight(path.ReplacePrefixMatch, "/") == "": // else /prefix/x became //x
		action["regex_rewrite"] = regexRewrite("^"+regexp.QuoteMeta(strings.TrimRight(prefix, "/"))+"/*", "/")
	default:
		action["prefix_rewrite"] = strings.TrimRight(path.ReplacePrefixMatch, "/")
	}
}

func regexRewrite(pattern, substitution string) obj {
	return obj{"pattern": obj{"regex": pattern}, "substitution": strings.ReplaceAll(substitution, `\`, `\\`)}
}

func redirect(filter RouteFilter, match RouteMatch) obj {
	r, made := filter.RequestRedirect, obj{"response_code": redirectCode(filter.RequestRedirect.StatusCode)}
	if r.Scheme != "" {
		made["scheme_redirect"] = r.Scheme
	}
	if r.Hostname != "" {
		made["host_redirect"] = r.Hostname
	}
	if r.Port != nil {
		made["port_redirect"] = *r.Port
	}
	if r.Path != nil {
		prefix, isPrefix := matchedPrefix(match)
		switch {
		case r.Path.Type == "ReplaceFullPath":
			made["path_redirect"] = r.Path.ReplaceFullPath
		case isPrefix && strings.TrimRight(r.Path.ReplacePrefixMatch, "/") == "" && strings.TrimRight(prefix, "/") != "":
			made["regex_rewrite"] = regexRewrite("^"+regexp.QuoteMeta(strings.TrimRight(prefix, "/"))+"/*", "/")
		case isPrefix:
			made["prefix_rewrite"] = r.Path.ReplacePrefixMatch
		}
	}
	return made
}

func redirectCode(status int) string {
	switch status {
	case 301:
		return "MOVED_PERMANENTLY"
	case 303:
		return "SEE_OTHER"
	case 307:
		return "TEMPORARY_REDIRECT"
	case 308:
		return "PERMANENT_REDIRECT"
	}
	return "FOUND"
}

func corsOf(filter RouteFilter) obj {
	c := filter.CORS
	var origins []any
	for _, origin := range c.AllowOrigins {
		if strings.Contains(origin, "*") {
			pattern := strings.ReplaceAll(regexp.QuoteMeta(origin), `\*`, ".*")
			origins = append(origins, obj{"safe_regex": obj{"regex": pattern}})
		} else {
			origins = append(origins, obj{"exact": origin})
		}
	}
	age := c.MaxAge
	if age == 0 {
		age = 5
	}
	return corsPolicy(origins, c.AllowMethods, c.AllowHeaders, c.ExposeHeaders, fmt.Sprint(age), c.AllowCredentials)
}

func corsPolicy(origins []any, methods, headers, expose []string, maxAge string, credentials bool) obj {
	return obj{"envoy.filters.http.cors": obj{
		"@type":                     "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
		"allow_origin_string_match": origins,
		"allow_methods":             strings.Join(methods, ","),
		"allow_headers":             strings.Join(headers, ","),
		"expose_headers":            strings.Join(expose, ","),
		"max_age":                   maxAge,
		"allow_credentials":         credentials,
	}}
}

func (t *table) backend(route HTTPRoute, ref BackendRef) (string, *Unresolved) {
	if text(ref.Kind, "Service") != "Service" || text(ref.Group, "") != "" {
		return "", &Unresolved{"InvalidKind", fmt.Sprintf("%s %s is no Service; its share is answered 500", text(ref.Kind, "Service"), ref.Name)}
	}
	namespace := text(ref.Namespace, route.Namespace)
	if namespace != route.Namespace && !t.granted(route.Namespace, namespace, ref.Name) {
		return "", &Unresolved{"RefNotPermitted", fmt.Sprintf("no ReferenceGrant in %s lets HTTPRoutes of %s use Service %s; its share is answered 500", namespace, route.Namespace, ref.Name)}
	}
	if ref.Port == nil {
		return "", &Unresolved{"BackendNotFound", fmt.Sprintf("backend %s names no port; its share is answered 500", ref.Name)}
	}
	name, err := t.clusters.of(namespace, ref.Name, *ref.Port, "")
	if err != nil {
		return "", &Unresolved{"BackendNotFound", err.Error() + "; its share is answered 500"}
	}
	return name, nil
}

func (t *table) granted(from, to, service string) bool {
	for _, grant := range t.world.Grants {
		if grant.Namespace != to {
			continue
		}
		for _, f := range grant.Spec.From {
			for _, target := range grant.Spec.To {
				if f.Group == gatewayGroup && f.Kind == "HTTPRoute" && f.Namespace == from &&
					target.Group == "" && target.Kind == "Service" && (target.Name == nil || *target.Name == service) {
					return true
				}
			}
		}
	}
	return false
}

func text(value *string, otherwise string) string {
	if value == nil {
		return otherwise
	}
	return *value
}
