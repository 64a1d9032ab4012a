package gateway

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// worldOf reads objects as they are applied; every Gateway API example needs a class, a Gateway and its Services too.
func worldOf(t testing.TB, documents ...string) World {
	t.Helper()
	var w World
	for _, document := range strings.Split(strings.Join(documents, "\n---\n"), "\n---\n") {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		switch kind.Kind {
		case "GatewayClass":
			w.Classes = append(w.Classes, read[GatewayClass](t, document))
		case "Gateway":
			w.Gateways = append(w.Gateways, read[Gateway](t, document))
		case "HTTPRoute":
			w.Routes = append(w.Routes, read[HTTPRoute](t, document))
		case "ReferenceGrant":
			w.Grants = append(w.Grants, read[ReferenceGrant](t, document))
		case "VirtualService":
			w.VirtualServices = append(w.VirtualServices, read[VirtualService](t, document))
		case "DestinationRule":
			w.DestinationRules = append(w.DestinationRules, read[DestinationRule](t, document))
		case "Service":
			service := read[corev1.Service](t, document)
			w.Services = append(w.Services, &service)
		case "Pod":
			pod := read[corev1.Pod](t, document)
			w.Pods = append(w.Pods, &pod)
		case "Namespace":
			namespace := read[corev1.Namespace](t, document)
			w.Namespaces = append(w.Namespaces, &namespace)
		case "":
		default:
			t.Fatalf("kind %s is unknown", kind.Kind)
		}
	}
	return w
}

func read[T any](t testing.TB, document string) (object T) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(document), &object); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return object
}

const aGateway = `
kind: GatewayClass
metadata: {name: playground}
spec: {controllerName: playground.dev/gateway}
---
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  gatewayClassName: playground
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
`

func aService(name string) string {
	return fmt.Sprintf(`
kind: Service
metadata: {name: %[1]s, namespace: shop}
spec: {selector: {app: %[1]s}, ports: [{name: http, port: 80, targetPort: http}]}
`, name)
}

func aPod(name, app, ip string, port int) string {
	return fmt.Sprintf(`
kind: Pod
metadata: {name: %s, namespace: shop, labels: {app: %s}}
spec: {containers: [{name: main, ports: [{name: http, containerPort: %d}]}]}
status: {podIP: %s, phase: Running, conditions: [{type: Ready, status: "True"}]}
`, name, app, port, ip)
}

// aRoute has its rules as YAML in one line.
func aRoute(generation int, rules string) string {
	return fmt.Sprintf(`
kind: HTTPRoute
metadata: {name: app, namespace: shop, generation: %d, uid: one}
spec:
  parentRefs: [{name: public}]
  hostnames: [app.example]
  rules: %s
`, generation, rules)
}

func weights(primary, canary int) string {
	return fmt.Sprintf(`[{backendRefs: [{name: app-primary, port: 80, weight: %d}, {name: app-canary, port: 80, weight: %d}]}]`, primary, canary)
}
