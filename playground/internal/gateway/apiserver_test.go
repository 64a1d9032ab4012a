package gateway

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// cluster is a real API server with the real definitions of the resources, and nobody in it but this gateway.
type testCluster struct {
	t         *testing.T
	core      kubernetes.Interface
	resources dynamic.Interface
	config    string
}

func aCluster(t *testing.T) *testCluster {
	t.Helper()
	program := os.Getenv("PLAYGROUND")
	if program == "" {
		t.Skip("no API server: PLAYGROUND names the playground's program, which playground/build.sh makes")
	}
	dir := t.TempDir()
	command := exec.Command(program, "up", "--minimal", "--dir", dir, "--until-eof")
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = command.Wait()
	})
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "ready.json")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no API server within 60 s")
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 1000, 1000
	return &testCluster{t, kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config), filepath.Join(dir, "kubeconfig")}
}

var kinds = map[string]schema.GroupVersionResource{
	"GatewayClass":    {Group: gatewayGroup, Version: "v1", Resource: "gatewayclasses"},
	"Gateway":         {Group: gatewayGroup, Version: "v1", Resource: "gateways"},
	"HTTPRoute":       {Group: gatewayGroup, Version: "v1", Resource: "httproutes"},
	"VirtualService":  {Group: "networking.istio.io", Version: "v1", Resource: "virtualservices"},
	"DestinationRule": {Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"},
	"Service":         {Version: "v1", Resource: "services"},
}

// apply writes the objects, and the status of those that have one: pods are made ready as a kubelet would.
func (c *testCluster) apply(documents ...string) {
	c.t.Helper()
	for _, document := range strings.Split(strings.Join(documents, "\n---\n"), "\n---\n") {
		var object unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			c.t.Fatal(err)
		}
		unstructured.RemoveNestedField(object.Object, "metadata", "generation")
		unstructured.RemoveNestedField(object.Object, "metadata", "uid")
		if object.GetKind() == "Pod" {
			c.applyPod(read[corev1.Pod](c.t, document))
			continue
		}
		resource := kinds[object.GetKind()]
		object.SetAPIVersion(resource.GroupVersion().String())
		_, err := c.resources.Resource(resource).Namespace(object.GetNamespace()).Apply(context.Background(), object.GetName(), &object,
			metav1.ApplyOptions{FieldManager: "test", Force: true})
		if err != nil {
			c.t.Fatalf("%v in %s", err, document)
		}
	}
}

func (c *testCluster) applyPod(pod corev1.Pod) {
	c.t.Helper()
	status := pod.Status
	for i := range pod.Spec.Containers {
		pod.Spec.Containers[i].Image = "none"
	}
	pod.Spec.NodeName = "none"
	made, err := c.core.CoreV1().Pods(pod.Namespace).Create(context.Background(), &pod, metav1.CreateOptions{})
	if err == nil {
		made.Status = status
		_, err = c.core.CoreV1().Pods(pod.Namespace).UpdateStatus(context.Background(), made, metav1.UpdateOptions{})
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// condition of an object at a path of its status, as status/reason/message; empty if it is not of this generation.
func (c *testCluster) condition(kind, namespace, name, conditionType string, path ...string) string {
	object, err := c.resources.Resource(kinds[kind]).Namespace(namespace).Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		return err.Error()
	}
	var list []any
	if len(path) > 0 {
		outer, _, _ := unstructured.NestedSlice(object.Object, "status", path[0])
		if len(outer) > 0 {
			list, _, _ = unstructured.NestedSlice(outer[0].(obj), "conditions")
		}
	} else {
		list, _, _ = unstructured.NestedSlice(object.Object, "status", "conditions")
	}
	for _, one := range list {
		if condition := one.(obj); condition["type"] == conditionType {
			if generation, says := condition["observedGeneration"]; says && generation != object.GetGeneration() {
				return ""
			}
			return fmt.Sprintf("%s %s %s", condition["status"], condition["reason"], condition["message"])
		}
	}
	return ""
}

func (c *testCluster) awaitCondition(want, kind, name, conditionType string, path ...string) {
	c.t.Helper()
	got, namespace := "", "shop"
	if kind == "GatewayClass" {
		namespace = ""
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = c.condition(kind, namespace, name, conditionType, path...); strings.Contains(got, want) {
			return
		}
	}
	c.t.Errorf("%s %s: %s is %q, should have %q", kind, name, conditionType, got, want)
}

func TestTheAPIServersObjectsAreObeyedAndTheirStatusSaysSo(t *testing.T) {
	program := envoyProgram(t)
	c := aCluster(t)
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	envoy, config, err := parse([]string{"--kubeconfig", c.config, "--envoy", program, "--dir", dir})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, envoy, config) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	await(t, "gateway.json", func() bool { _, err := os.Stat(filepath.Join(dir, "gateway.json")); return err == nil })
	r := &rig{t: t, envoy: envoy, client: aClient()}

	for _, object := range []func() error{
		func() error {
			_, err := c.core.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{})
			return err
		},
		func() error {
			_, err := c.core.CoreV1().ServiceAccounts("shop").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
			return err
		},
	} {
		if err := object(); err != nil {
			t.Fatal(err)
		}
	}
	primary, canary := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-canary", "127.0.0.1", fine)
	c.apply(aGateway, aService("app-primary"), primary.pod, canary.pod, aRoute(0, weights(1, 0)))

	c.awaitCondition("True Accepted", "GatewayClass", "playground", "Accepted")
	c.awaitCondition("True Programmed", "Gateway", "public", "Programmed")
	c.awaitCondition("True Programmed", "Gateway", "public", "Programmed", "listeners")
	c.awaitCondition("True Accepted", "HTTPRoute", "app", "Accepted", "parents")
	c.awaitCondition("False BackendNotFound Service shop/app-canary does not exist", "HTTPRoute", "app", "ResolvedRefs", "parents")
	c.apply(aService("app-canary"))
	c.awaitCondition("True ResolvedRefs", "HTTPRoute", "app", "ResolvedRefs", "parents")
	r.must(200, "app-primary", "/")

	var effect []time.Duration // from before the write until a request is answered by the other version
	for i := range 40 {
		version := []string{"app-canary", "app-primary"}[i%2]
		began := time.Now()
		c.apply(aRoute(0, weights(i%2, 1-i%2)))
		for r.get("/").version != version {
			if time.Since(began) > 5*time.Second {
				t.Fatal("no effect")
			}
		}
		effect = append(effect, time.Since(began))
	}
	slices.Sort(effect)
	t.Logf("a route written to the API server had effect after %s in the median, %s at most (%d times)",
		effect[len(effect)/2].Round(time.Millisecond), effect[len(effect)-1].Round(time.Millisecond), len(effect))
	if half := effect[len(effect)/2]; half > 200*time.Millisecond {
		t.Errorf("%s in the median", half)
	}
	c.awaitCondition("True Accepted", "HTTPRoute", "app", "Accepted", "parents")

	c.apply(aRoute(0, `[{matches: [{path: {type: RegularExpression, value: "/(["}}], backendRefs: [{name: app-canary, port: 80}]}]`))
	c.awaitCondition("False UnsupportedValue spec.rules[0].matches[0].path.value", "HTTPRoute", "app", "Accepted", "parents")
	r.must(200, "app-primary", "/")

	c.apply(`
kind: VirtualService
metadata: {name: mesh, namespace: shop}
spec:
  hosts: [mesh.example]
  http: [{route: [{destination: {host: nobody}, weight: 50}, {destination: {host: app-canary}, weight: 50}]}]`)
	c.awaitCondition("False Invalid Service shop/nobody does not exist; its share is answered 500", "VirtualService", "mesh", "Reconciled")
	c.apply(`
kind: VirtualService
metadata: {name: mesh, namespace: shop}
spec: {hosts: [mesh.example], http: [{route: [{destination: {host: app-canary}}]}]}`)
	c.awaitCondition("True Accepted", "VirtualService", "mesh", "Reconciled")
	r.must(200, "app-canary", "/", "host", "mesh.example")

	began := time.Now()
	if err := c.core.CoreV1().Pods("shop").Delete(ctx, "app-canary-127-0-0-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "503: the pod is terminating", func() bool { return r.get("/", "host", "mesh.example").status == 503 })
	t.Logf("a pod being deleted got no request after %s", time.Since(began).Round(time.Millisecond))

	quiet, err := c.resources.Resource(kinds["HTTPRoute"]).Namespace("shop").Get(ctx, "app", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.apply(aService("another")) // something changes, the status doesn't: so it isn't written
	await(t, "the new Service", func() bool { return r.get("/", "host", "another.shop").status == 503 })
	after, _ := c.resources.Resource(kinds["HTTPRoute"]).Namespace("shop").Get(ctx, "app", metav1.GetOptions{})
	if quiet.GetResourceVersion() != after.GetResourceVersion() {
		t.Error("the status was written again without need")
	}
}
