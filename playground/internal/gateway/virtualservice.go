package gateway

import (
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"
)

// checkVirtualService says what can't be translated; what can't be resolved is another matter.
func checkVirtualService(service VirtualService) error {
	for i, rule := range service.Spec.HTTP {
		at := fmt.Sprintf("spec.http[%d]", i)
		if rule.Delegate != nil {
			return fmt.Errorf("%s.delegate is not supported", at)
		}
		if rule.Fault != nil {
			return fmt.Errorf("%s.fault is not supported", at)
		}
		for j, match := range rule.Match {
			for where, m := range everyMatch(match) {
				if m.Regex != nil {
					if err := checkRegex(fmt.Sprintf("%s.match[%d].%s", at, j, where), *m.Regex); err != nil {
						return err
					}
				}
			}
		}
		if rule.Rewrite != nil && rule.Rewrite.URIRegexRewrite != nil {
			if err := checkRegex(at+".rewrite.uriRegexRewrite", rule.Rewrite.URIRegexRewrite.Match); err != nil {
				return err
			}
		}
		for _, d := range []string{rule.Timeout, retriesOf(rule).PerTryTimeout} {
			if _, err := time.ParseDuration(d); d != "" && err != nil {
				return fmt.Errorf("%s: %q is no duration", at, d)
			}
		}
		if d := rule.DirectResponse; d != nil && (d.Status < 200 || d.Status > 599) {
			return fmt.Errorf("%s.directResponse.status is %d; it must be 200 to 599", at, d.Status)
		}
		if len(rule.Route) == 0 && rule.Redirect == nil && rule.DirectResponse == nil {
			return fmt.Errorf("%s has neither route nor redirect nor directResponse", at)
		}
		for _, to := range rule.Route {
			if to.Weight < 0 {
				return fmt.Errorf("%s.route: weight %d is below 0", at, to.Weight)
			}
		}
	}
	return nil
}

func retriesOf(rule IstioRule) IstioRetries {
	if rule.Retries == nil {
		return IstioRetries{}
	}
	return *rule.Retries
}

func everyMatch(match IstioMatch) map[string]StringMatch {
	all := map[string]StringMatch{}
	for name, m := range map[string]*StringMatch{"uri": match.URI, "method": match.Method, "authority": match.Authority, "scheme": match.Scheme} {
		if m != nil {
			all[name] = *m
		}
	}
	for prefix, list := range map[string]map[string]StringMatch{"headers": match.Headers, "withoutHeaders": match.WithoutHeaders, "queryParams": match.QueryParams} {
		for name, m := range list {
			all[prefix+"."+name] = m
		}
	}
	return all
}

// addVirtualService serves it on every host that it names, whatever its gateways: there is one gateway here, which
// stands for the mesh too. Rules come as written, behind those of HTTPRoutes.
func (t *table) addVirtualService(service VirtualService) error {
	var entries []entry
	var problems []error
	for i, rule := range service.Spec.HTTP {
		action, err := t.istioAction(service, rule)
		problems = append(problems, err)
		matches := rule.Match
		if len(matches) == 0 {
			matches = []IstioMatch{{}}
		}
		for j, match := range matches {
			if len(match.SourceLabels) > 0 || match.SourceNamespace != "" {
				continue // whoever comes from outside is no workload of the mesh
			}
			made := obj{"name": fmt.Sprintf("virtualservice/%s/%s/%d/%d", service.Namespace, service.Name, i, j), "match": istioMatch(match)}
			for key, value := range action(match) {
				made[key] = value
			}
			entries = append(entries, entry{route: made})
		}
	}
	for _, host := range service.Spec.Hosts {
		full := t.fullHost(host, service.Namespace)
		t.hosts[full] = append(t.hosts[full], entries...)
	}
	return errors.Join(problems...)
}

func (t *table) fullHost(host, namespace string) string {
	ns, name := resolve(host, namespace)
	if !strings.Contains(host, "*") && (t.clusters.services[ns+"/"+name] != nil || !strings.Contains(host, ".")) {
		return name + "." + ns + ".svc.cluster.local"
	}
	return host
}

func istioMatch(match IstioMatch) obj {
	made := obj{"prefix": "/"}
	if u := match.URI; u != nil {
		switch {
		case u.Exact != nil:
			made = obj{"path": *u.Exact}
		case u.Regex != nil:
			made = obj{"safe_regex": obj{"regex": *u.Regex}}
		case u.Prefix != nil:
			made = obj{"prefix": *u.Prefix}
		}
		if match.IgnoreURICase && u.Regex == nil {
			made["case_sensitive"] = false
		}
	}
	var headers, queries []any
	add := func(name string, m *StringMatch, invert bool) {
		if m == nil {
			return
		}
		one := obj{"name": name}
		if written := istioString(*m); written != nil {
			one["string_match"] = written
		} else {
			one["present_match"] = true
		}
		if invert {
			one["invert_match"] = true
		}
		headers = append(headers, one)
	}
	add(":method", match.Method, false)
	add(":authority", match.Authority, false)
	add(":scheme", match.Scheme, false)
	for _, name := range sortedKeys(match.Headers) {
		m := match.Headers[name]
		add(name, &m, false)
	}
	for _, name := range sortedKeys(match.WithoutHeaders) {
		m := match.WithoutHeaders[name]
		add(name, &m, true)
	}
	for _, name := range sortedKeys(match.QueryParams) {
		one := obj{"name": name}
		if written := istioString(match.QueryParams[name]); written != nil {
			one["string_match"] = written
		} else {
			one["present_match"] = true
		}
		queries = append(queries, one)
	}
	if headers != nil {
		made["headers"] = headers
	}
	if queries != nil {
		made["query_parameters"] = queries
	}
	return made
}

func istioString(m StringMatch) obj {
	switch {
	case m.Exact != nil:
		return obj{"exact": *m.Exact}
	case m.Prefix != nil && *m.Prefix != "":
		return obj{"prefix": *m.Prefix}
	case m.Regex != nil:
		return obj{"safe_regex": obj{"regex": *m.Regex}}
	}
	return nil
}

func (t *table) istioAction(service VirtualService, rule IstioRule) (func(IstioMatch) obj, error) {
	var problems []error
	find := func(to IstioDestination) string {
		namespace, name := resolve(to.Host, service.Namespace)
		found, err := t.clusters.of(namespace, name, to.Port.Number, to.Subset)
		if err != nil {
			problems = append(problems, fmt.Errorf("%w; its share is answered 500", err))
			return nowhere
		}
		return found
	}
	headers := obj{}
	istioHeaders(rule.Headers, headers)
	if rule.CORSPolicy != nil {
		headers["typed_per_filter_config"] = istioCORS(*rule.CORSPolicy)
	}
	if rule.Redirect != nil || rule.DirectResponse != nil {
		return func(IstioMatch) obj { return with(headers, finalAction(rule)) }, nil
	}
	var shares []share
	for _, to := range rule.Route {
		one := share{cluster: find(to.Destination), weight: to.Weight, headers: obj{}}
		if len(rule.Route) == 1 {
			one.weight = 100 // a single destination gets all, whatever it weighs
		}
		istioHeaders(to.Headers, one.headers)
		shares = append(shares, one)
	}
	action := split(shares)
	if action == nil {
		answer := obj{"direct_response": obj{"status": 500, "body": obj{"inline_string": "no destination with a weight above 0\n"}}}
		return func(IstioMatch) obj { return with(headers, answer) }, errors.Join(problems...)
	}
	if mirrors := istioMirrors(rule, find); mirrors != nil {
		action["request_mirror_policies"] = mirrors
	}
	if rule.Timeout != "" {
		action["timeout"] = orNone(rule.Timeout)
	}
	if rule.Retries != nil {
		action["retry_policy"] = istioRetries(*rule.Retries)
	}
	plainAction(action)
	for name, value := range rule.Headers.Request.Set {
		if fixed(name) && name != ":path" && name != ":method" && name != ":scheme" {
			action["host_rewrite_literal"] = value
		}
	}
	return func(match IstioMatch) obj {
		own := with(action, nil)
		if rule.Rewrite != nil {
			istioRewrite(*rule.Rewrite, match, own)
		}
		return with(headers, obj{"route": own})
	}, errors.Join(problems...)
}

func with(a, b obj) obj {
	both := obj{}
	for key, value := range a {
		both[key] = value
	}
	for key, value := range b {
		both[key] = value
	}
	return both
}

func finalAction(rule IstioRule) obj {
	if d := rule.DirectResponse; d != nil {
		answer := obj{"status": d.Status}
		if d.Body != nil {
			answer["body"] = obj{"inline_string": d.Body.String}
		}
		return obj{"direct_response": answer}
	}
	r := rule.Redirect
	code := "MOVED_PERMANENTLY"
	if r.RedirectCode != 0 {
		code = redirectCode(r.RedirectCode)
	}
	made := obj{"response_code": code}
	if r.URI != "" {
		made["path_redirect"] = r.URI
	}
	if r.Authority != "" {
		made["host_redirect"] = r.Authority
	}
	if r.Scheme != "" {
		made["scheme_redirect"] = r.Scheme
	}
	if r.Port != 0 {
		made["port_redirect"] = r.Port
	}
	return obj{"redirect": made}
}

func istioMirrors(rule IstioRule, find func(IstioDestination) string) (made []any) {
	part := func(percent *float64) int {
		if percent == nil {
			return 1_000_000
		}
		return int(min(max(*percent, 0), 100)*10_000 + 0.5)
	}
	if rule.Mirror != nil {
		var percent *float64
		if rule.MirrorPercentage != nil {
			percent = &rule.MirrorPercentage.Value
		} else if rule.MirrorPercent != nil {
			value := float64(*rule.MirrorPercent)
			percent = &value
		}
		made = append(made, mirrorPolicy(find(*rule.Mirror), part(percent)))
	}
	for _, m := range rule.Mirrors {
		var percent *float64
		if m.Percentage != nil {
			percent = &m.Percentage.Value
		}
		made = append(made, mirrorPolicy(find(m.Destination), part(percent)))
	}
	return made
}

func istioRetries(r IstioRetries) obj {
	made := retryPolicy()
	made["num_retries"] = max(r.Attempts, 0)
	on := r.RetryOn
	if on == "" && r.Attempts > 0 {
		on = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
		made["retriable_status_codes"] = []any{503}
	}
	var codes []any
	var words []string
	for _, word := range strings.Split(on, ",") {
		var code int
		if n, _ := fmt.Sscanf(word, "%d", &code); n == 1 {
			codes = append(codes, code)
		} else if word != "" {
			words = append(words, word)
		}
	}
	if codes != nil {
		made["retriable_status_codes"] = codes
		words = append(words, "retriable-status-codes")
	}
	if words != nil {
		made["retry_on"] = strings.Join(words, ",")
	}
	if d := r.PerTryTimeout; d != "" && orNone(d) != "0s" {
		made["per_try_timeout"] = orNone(d)
	}
	return made
}

func istioRewrite(rewrite IstioRewrite, match IstioMatch, action obj) {
	if rewrite.Authority != "" {
		action["host_rewrite_literal"] = rewrite.Authority
	}
	if r := rewrite.URIRegexRewrite; r != nil {
		action["regex_rewrite"] = obj{"pattern": obj{"regex": r.Match}, "substitution": r.Rewrite}
	} else if rewrite.URI != "" {
		switch u := match.URI; {
		case u != nil && u.Exact != nil:
			action["regex_rewrite"] = regexRewrite("^"+regexp.QuoteMeta(*u.Exact)+"$", rewrite.URI)
		case u != nil && u.Regex != nil:
			action["regex_rewrite"] = regexRewrite("^.*$", rewrite.URI)
		default:
			action["prefix_rewrite"] = rewrite.URI
		}
	}
}

func istioHeaders(h IstioHeaders, into obj) {
	headerOptions("request", sortedPairs(h.Request.Set), sortedPairs(h.Request.Add), h.Request.Remove, into)
	headerOptions("response", sortedPairs(h.Response.Set), sortedPairs(h.Response.Add), h.Response.Remove, into)
}

func istioCORS(c IstioCORS) obj {
	var origins []any
	for _, origin := range c.AllowOrigin {
		if origin == "*" {
			origins = append(origins, obj{"safe_regex": obj{"regex": ".*"}})
		} else {
			origins = append(origins, obj{"exact": origin})
		}
	}
	for _, m := range c.AllowOrigins {
		if written := istioString(m); written != nil {
			origins = append(origins, written)
		}
	}
	age := ""
	if d, err := time.ParseDuration(c.MaxAge); err == nil {
		age = fmt.Sprint(int(d.Seconds()))
	}
	return corsPolicy(origins, c.AllowMethods, c.AllowHeaders, c.ExposeHeaders, age, c.AllowCredentials != nil && *c.AllowCredentials)
}

func sortedPairs(m map[string]string) (made [][2]string) {
	for _, name := range sortedKeys(m) {
		made = append(made, [2]string{name, m[name]})
	}
	return made
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
