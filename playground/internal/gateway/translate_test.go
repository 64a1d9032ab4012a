package gateway

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTheTranslationIsAsInTheGoldenFiles(t *testing.T) {
	for _, name := range []string{"httproute", "virtualservice"} {
		t.Run(name, func(t *testing.T) {
			objects, err := os.ReadFile("testdata/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			config := NewTranslator().Translate(worldOf(t, string(objects)))
			got, _ := json.MarshalIndent(obj{"clusters": config.Clusters, "hosts": config.Hosts}, "", "  ")
			golden := "testdata/" + name + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != strings.TrimSpace(string(want)) {
				t.Errorf("%s differs; -update writes what is now:\n%s", golden, got)
			}
		})
	}
}

func TestATranslationIsTheSameWhateverTheOrderOfTheObjects(t *testing.T) {
	objects, _ := os.ReadFile("testdata/httproute.yaml")
	documents := strings.Split(string(objects), "\n---\n")
	forward := NewTranslator().Translate(worldOf(t, documents...))
	backward := make([]string, 0, len(documents))
	for _, document := range documents {
		backward = append([]string{document}, backward...)
	}
	other := NewTranslator().Translate(worldOf(t, backward...))
	a, _ := json.Marshal(obj{"c": forward.Clusters, "h": forward.Hosts})
	b, _ := json.Marshal(obj{"c": other.Clusters, "h": other.Hosts})
	if string(a) != string(b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestARouteIsTakenByTheListenersThatFit(t *testing.T) {
	class, service := aGateway, aService("app")
	listeners := func(list string) string {
		return strings.Replace(class, "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}", list, 1)
	}
	route := func(spec string) string {
		return "kind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec: {" + spec + ", rules: [{backendRefs: [{name: app, port: 80}]}]}"
	}
	for name, c := range map[string]struct {
		gateway, route, reason, hosts string
	}{
		"any host":           {class, route("parentRefs: [{name: public}]"), "Accepted", "*"},
		"own host":           {class, route("parentRefs: [{name: public}], hostnames: [a.example, b.example]"), "Accepted", "a.example,b.example"},
		"listener's host":    {listeners("{name: h, port: 80, protocol: HTTP, hostname: a.example}"), route("parentRefs: [{name: public}]"), "Accepted", "a.example"},
		"wildcard":           {listeners("{name: h, port: 80, protocol: HTTP, hostname: '*.example'}"), route("parentRefs: [{name: public}], hostnames: [a.example, a.other]"), "Accepted", "a.example"},
		"route's wildcard":   {listeners("{name: h, port: 80, protocol: HTTP, hostname: a.example}"), route("parentRefs: [{name: public}], hostnames: ['*.example']"), "Accepted", "a.example"},
		"no host in common":  {listeners("{name: h, port: 80, protocol: HTTP, hostname: a.example}"), route("parentRefs: [{name: public}], hostnames: [b.example]"), "NoMatchingListenerHostname", ""},
		"section":            {class, route("parentRefs: [{name: public, sectionName: http}]"), "Accepted", "*"},
		"no such section":    {class, route("parentRefs: [{name: public, sectionName: tls}]"), "NoMatchingParent", ""},
		"no such port":       {class, route("parentRefs: [{name: public, port: 81}]"), "NoMatchingParent", ""},
		"no such gateway":    {class, route("parentRefs: [{name: private}]"), "NoMatchingParent", ""},
		"HTTPS":              {listeners("{name: h, port: 443, protocol: HTTPS}"), route("parentRefs: [{name: public}]"), "NoMatchingParent", ""},
		"other namespace":    {listeners("{name: h, port: 80, protocol: HTTP}"), strings.Replace(route("parentRefs: [{name: public, namespace: shop}]"), "namespace: shop}\nspec", "namespace: other}\nspec", 1), "NotAllowedByListeners", ""},
		"a Service's parent": {class, route("parentRefs: [{group: '', kind: Service, name: app}]"), "Accepted", "app.shop.svc.cluster.local"},
		"other controller":   {strings.Replace(class, "playground.dev/gateway", "example.org/other", 1), route("parentRefs: [{name: public}]"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var verdict RouteVerdict
			for _, v := range NewTranslator().Translate(worldOf(t, c.gateway, service, c.route)).Routes {
				verdict = v
			}
			reason := ""
			if len(verdict.Parents) > 0 {
				reason = verdict.Parents[0].Reason
			}
			if hosts := strings.Join(verdict.Hostnames, ","); reason != c.reason || hosts != c.hosts {
				t.Errorf("%s %q %+v, should be %s %q", reason, hosts, verdict.Parents, c.reason, c.hosts)
			}
		})
	}
}

func TestABackendInAnotherNamespaceNeedsAGrant(t *testing.T) {
	service := strings.Replace(aService("app"), "namespace: shop", "namespace: other", 1)
	route := aRoute(1, "[{backendRefs: [{name: app, namespace: other, port: 80}]}]")
	grant := `
kind: ReferenceGrant
metadata: {name: g, namespace: other}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: "", kind: Service}]}`

	without := NewTranslator().Translate(worldOf(t, aGateway, service, route)).Routes["shop/app"].Unresolved
	with := NewTranslator().Translate(worldOf(t, aGateway, service, route, grant)).Routes["shop/app"].Unresolved

	if len(without) != 1 || without[0].Reason != "RefNotPermitted" || len(with) != 0 {
		t.Errorf("%v, %v", without, with)
	}
}

func TestADeletedObjectLeavesNothingBehind(t *testing.T) {
	translator := NewTranslator()
	translator.Translate(worldOf(t, aGateway, aService("app-primary"), aService("app-canary"), aRoute(1, weights(1, 0))))
	translator.Accepted()
	translator.Translate(worldOf(t, aGateway))
	translator.Accepted()

	// Made again under its old name, it has nothing to fall back on.
	bad := strings.Replace(aRoute(1, `[{matches: [{path: {type: RegularExpression, value: "("}}]}]`), "uid: one", "uid: two", 1)
	config := translator.Translate(worldOf(t, aGateway, bad))

	if refused := config.Routes["shop/app"].Refused; refused == nil || !strings.Contains(refused.Error(), "no request is routed by it") || len(config.Hosts) != 0 {
		t.Errorf("%v %v", refused, config.Hosts)
	}
}

func TestAConditionKeepsItsTimeWhileItsStatusStays(t *testing.T) {
	before := []any{obj{"type": "Accepted", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"}}
	same := conditions(before, 2, yes("Accepted", "Accepted", ""))[0].(obj)
	other := conditions(before, 2, no("Accepted", "Invalid", "why"))[0].(obj)
	if same["lastTransitionTime"] != "2020-01-01T00:00:00Z" || other["lastTransitionTime"] == "2020-01-01T00:00:00Z" {
		t.Errorf("%v %v", same, other)
	}
}

func TestOfEquallyOldObjectsTheNameDecides(t *testing.T) {
	at := metav1.NewTime(time.Unix(1, 0))
	a, b := metav1.ObjectMeta{Name: "a", CreationTimestamp: at}, metav1.ObjectMeta{Name: "b", CreationTimestamp: at}
	if !older(a, b) || older(b, a) {
		t.Error("order")
	}
}
