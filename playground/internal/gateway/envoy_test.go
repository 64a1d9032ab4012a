package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// These tests run a real Envoy with plain servers behind it. The objects come from the test, not from an API server.

func envoyProgram(t testing.TB) string {
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		home, _ := os.UserHomeDir()
		cache = filepath.Join(home, ".cache")
	}
	found, _ := filepath.Glob(filepath.Join(cache, "aviary", "envoy-*", "envoy"))
	if named := os.Getenv("PLAYGROUND_ENVOY"); named != "" {
		found = []string{named}
	}
	if len(found) == 0 {
		t.Skip("no Envoy: playground/build.sh fetches one, PLAYGROUND_ENVOY names another")
	}
	return found[len(found)-1]
}

type backend struct {
	pod      string
	server   *http.Server
	requests atomic.Int64
	mirrors  atomic.Int64
}

// aBackend answers with its name as the version, as a pod of the app's Service.
func aBackend(t testing.TB, app, ip string, handle http.HandlerFunc) *backend {
	t.Helper()
	listener, err := net.Listen("tcp", ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{pod: aPod(app+"-"+strings.ReplaceAll(ip, ".", "-"), app, ip, listener.Addr().(*net.TCPAddr).Port)}
	b.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Host, "-shadow") {
			b.mirrors.Add(1)
		} else {
			b.requests.Add(1)
		}
		w.Header().Set("x-app-version", app)
		handle(w, r)
	})}
	go func() { _ = b.server.Serve(listener) }()
	t.Cleanup(func() { _ = b.server.Close() })
	return b
}

func fine(http.ResponseWriter, *http.Request) {}

type rig struct {
	t          testing.TB
	envoy      *Envoy
	translator *Translator
	client     *http.Client
}

func aRig(t testing.TB) *rig {
	t.Helper()
	envoy := &Envoy{Binary: envoyProgram(t), Dir: t.TempDir(), Address: "127.0.0.1", Say: t.Logf}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := envoy.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		envoy.Stop()
		if words, err := os.ReadFile(envoy.path("envoy.log")); err == nil && t.Failed() {
			t.Logf("Envoy's words:\n%s", words)
		}
	})
	return &rig{t, envoy, NewTranslator(), aClient()}
}

func aClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       10 * time.Second,
	}
}

func (r *rig) apply(documents ...string) Config {
	r.t.Helper()
	config, err := r.try(documents...)
	if err != nil {
		r.t.Fatal(err)
	}
	return config
}

func (r *rig) try(documents ...string) (Config, error) {
	config := r.translator.Translate(worldOf(r.t, documents...))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := r.envoy.Apply(ctx, config)
	if err == nil {
		r.translator.Accepted()
	}
	return config, err
}

type reply struct {
	status  int
	version string
	header  http.Header
	body    string
}

func (r *rig) get(path string, headers ...string) reply {
	request, _ := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d%s", r.envoy.Port, path), nil)
	request.Host = "app.example"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "host" {
			request.Host = headers[i+1]
		} else {
			request.Header.Add(headers[i], headers[i+1])
		}
	}
	response, err := r.client.Do(request)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header.Get("x-app-version"), response.Header, string(body)}
}

func (r *rig) must(status int, version string, path string, headers ...string) reply {
	r.t.Helper()
	got := r.get(path, headers...)
	if got.status != status || got.version != version {
		r.t.Errorf("%s %q: %d %q %s, should be %d %q", path, headers, got.status, got.version, got.body, status, version)
	}
	return got
}

func TestWeightsAreObeyed(t *testing.T) {
	r := aRig(t)
	primary, canary := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-canary", "127.0.0.1", fine)
	world := []string{aGateway, aService("app-primary"), aService("app-canary"), primary.pod, canary.pod}

	for generation, share := range []struct{ primary, canary int }{{95, 5}, {50, 50}, {9990, 10}, {100, 0}, {0, 100}, {1, 3}} {
		r.apply(append(world, aRoute(generation+1, weights(share.primary, share.canary)))...)
		const n = 2000
		primary.requests.Store(0)
		canary.requests.Store(0)
		for range n {
			if got := r.get("/"); got.status != 200 {
				t.Fatalf("%+v", got)
			}
		}
		p := float64(share.canary) / float64(share.primary+share.canary)
		got, off := float64(canary.requests.Load()), 5*math.Sqrt(n*p*(1-p)) // five standard deviations: 1 in 1.7 million
		t.Logf("weights %d:%d gave the canary %.0f of %d", share.primary, share.canary, got, n)
		if math.Abs(got-n*p) > off {
			t.Errorf("weights %d:%d: %.0f of %d, should be %.0f +- %.0f", share.primary, share.canary, got, n, n*p, off)
		}
	}
}

func TestMatchesDecideWhoAnswers(t *testing.T) {
	r := aRig(t)
	primary, canary := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-canary", "127.0.0.1", fine)
	r.apply(aGateway, aService("app-primary"), aService("app-canary"), primary.pod, canary.pod, aRoute(1, `
  - backendRefs: [{name: app-primary, port: 80}]
  - matches:
    - headers: [{name: x-canary, value: insider}]
    - headers: [{name: cookie, type: RegularExpression, value: "^(.*?;)?\\s*(canary=always)(;.*)?$"}]
    - path: {type: Exact, value: /exact}
    - path: {type: PathPrefix, value: /prefix}
    - path: {type: RegularExpression, value: "/re[0-9]+"}
    - queryParams: [{name: v, value: "2"}]
    - {method: DELETE}
    backendRefs: [{name: app-canary, port: 80}]`))

	for _, canary := range [][]string{
		{"/", "x-canary", "insider"}, {"/", "Cookie", "a=b; canary=always; c=d"}, {"/", "Cookie", "canary=always"},
		{"/exact"}, {"/prefix"}, {"/prefix/below"}, {"/re12"}, {"/?v=2"},
	} {
		r.must(200, "app-canary", canary[0], canary[1:]...)
	}
	for _, primary := range [][]string{
		{"/"}, {"/", "x-canary", "insiders"}, {"/", "Cookie", "canary=alwaysnot"}, {"/exact/below"}, {"/prefixed"}, {"/re1x"}, {"/?v=3"},
	} {
		r.must(200, "app-primary", primary[0], primary[1:]...)
	}
	r.must(404, "", "/", "host", "other.example")
}

func TestFiltersChangeTheRequest(t *testing.T) {
	r := aRig(t)
	echo := aBackend(t, "app-primary", "127.0.0.1", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("x-remove", "1")
		fmt.Fprintf(w, "%s %s set=%s add=%s gone=%s", q.Host, q.URL, q.Header.Get("x-set"), q.Header.Values("x-add"), q.Header.Get("x-gone"))
	})
	r.apply(aGateway, aService("app-primary"), echo.pod, aRoute(1, `
  - matches: [{path: {value: /headers}}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: "100%"}], add: [{name: x-add, value: b}], remove: [x-gone]}}
    backendRefs: [{name: app-primary, port: 80, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: Set-Cookie, value: "v=1; Max-Age=60"}], remove: [x-remove]}}]}]
  - matches: [{path: {value: /old}}]
    filters: [{type: URLRewrite, urlRewrite: {hostname: other.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
    backendRefs: [{name: app-primary, port: 80}]
  - matches: [{path: {value: /full}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
    backendRefs: [{name: app-primary, port: 80}]
  - matches: [{path: {value: /away}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: away.example, statusCode: 301}}]
  - matches: [{path: {value: /nobody}}]
    backendRefs: [{name: app-primary, port: 80, weight: 0}]
  - matches: [{path: {value: /missing}}]
    backendRefs: [{name: not-there, port: 80}]
  - matches: [{path: {value: /slow}}]
    timeouts: {request: 50ms}
    backendRefs: [{name: app-primary, port: 80}]`))

	got := r.must(200, "app-primary", "/headers", "x-set", "0", "x-add", "a", "x-gone", "1")
	if got.body != "app.example /headers set=100% add=[a b] gone=" || got.header.Get("Set-Cookie") != "v=1; Max-Age=60" || got.header.Get("x-remove") != "" {
		t.Errorf("%+v", got)
	}
	if got := r.must(200, "app-primary", "/old/x?q=1"); !strings.HasPrefix(got.body, "other.example /x?q=1 ") {
		t.Error(got.body)
	}
	if got := r.must(200, "app-primary", "/full/x"); !strings.HasPrefix(got.body, "app.example /new ") {
		t.Error(got.body)
	}
	if got := r.must(301, "", "/away/x"); got.header.Get("Location") != "https://away.example/away/x" {
		t.Error(got.header)
	}
	r.must(500, "", "/nobody")
	r.must(500, "", "/missing")
}

func TestMirroredRequestsReachTheCanaryAndItsAnswersNobody(t *testing.T) {
	r := aRig(t)
	primary, canary := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-canary", "127.0.0.1", fine)
	world := []string{aGateway, aService("app-primary"), aService("app-canary"), primary.pod, canary.pod}
	r.apply(append(world, aRoute(1, `
  - filters: [{type: RequestMirror, requestMirror: {percent: 30, backendRef: {name: app-canary, port: 80}}}]
    backendRefs: [{name: app-primary, port: 80}]`))...)

	for range 1000 {
		r.must(200, "app-primary", "/")
	}
	await(t, "300 mirrored requests, more or less", func() bool { return math.Abs(float64(canary.mirrors.Load())-300) < 5*math.Sqrt(1000*.3*.7) })
	if canary.requests.Load() != 0 {
		t.Errorf("the canary answered %d requests", canary.requests.Load())
	}
}

func TestVirtualServicesAreObeyed(t *testing.T) {
	r := aRig(t)
	primary, canary := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-canary", "127.0.0.1", fine)
	r.apply(aService("app-primary"), aService("app-canary"), aService("app"), primary.pod, canary.pod,
		strings.Replace(primary.pod, "app: app-primary", "app: app, version: v1", 1), `
kind: DestinationRule
metadata: {name: app, namespace: shop}
spec:
  host: app
  subsets: [{name: v1, labels: {version: v1}}, {name: v9, labels: {version: v9}}]
---
kind: VirtualService
metadata: {name: app, namespace: shop, generation: 1}
spec:
  hosts: [app, app.example]
  gateways: [mesh, istio-system/public]
  http:
  - match:
    - headers: {x-user: {exact: insider}}
    - headers: {cookie: {regex: "^(.*?;)?(type=insider)(;.*)?$"}}
    - {uri: {prefix: /beta}, method: {exact: GET}}
    route: [{destination: {host: app-canary}, weight: 100, headers: {response: {add: {x-way: canary}}}}]
  - match: [{uri: {exact: /subset}}]
    route: [{destination: {host: app, subset: v1}}]
  - match: [{uri: {exact: /subset9}}]
    route: [{destination: {host: app, subset: v9}}]
  - match: [{uri: {exact: /subset10}}]
    route: [{destination: {host: app, subset: v10}}]
  - match: [{uri: {exact: /direct}}]
    directResponse: {status: 418}
  - route:
    - {destination: {host: app-primary.shop.svc.cluster.local}, weight: 100}
    - {destination: {host: app-canary}, weight: 0}
    mirror: {host: app-canary}
    mirrorPercentage: {value: 50}`)

	for _, host := range []string{"app.example", "app", "app.shop", "app.shop.svc", "app.shop.svc.cluster.local", "app.shop:8080"} {
		r.must(200, "app-primary", "/", "host", host)
	}
	if got := r.must(200, "app-canary", "/", "x-user", "insider"); got.header.Get("x-way") != "canary" {
		t.Error(got.header)
	}
	r.must(200, "app-canary", "/", "Cookie", "type=insider")
	r.must(200, "app-canary", "/beta/x")
	r.must(200, "app-primary", "/subset")
	r.must(503, "", "/subset9")  // there, but nobody in it
	r.must(500, "", "/subset10") // not there
	r.must(418, "", "/direct")
	r.must(200, "app-canary", "/", "host", "app-canary.shop") // no route: the Service itself
	for range 200 {
		r.must(200, "app-primary", "/")
	}
	await(t, "mirrored requests", func() bool { return canary.mirrors.Load() > 60 })
}

func TestNoRequestFailsWhileEverythingChanges(t *testing.T) {
	r := aRig(t)
	world := []string{aGateway, aService("app-primary"), aService("app-canary")}
	primary := aBackend(t, "app-primary", "127.0.0.1", fine)
	canaries := make([]*backend, 40)
	for i := range canaries {
		canaries[i] = aBackend(t, "app-canary", fmt.Sprintf("127.0.9.%d", i+1), fine)
	}
	r.apply(append(world, primary.pod, canaries[0].pod, aRoute(1, weights(100, 0)))...)

	stop := make(chan struct{})
	var group sync.WaitGroup
	var sent atomic.Int64
	for range 4 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := r.get("/"); got.status != 200 {
					t.Errorf("%+v", got)
				}
				sent.Add(1)
			}
		})
	}
	var took []time.Duration
	for i, canary := range canaries { // each time another pod with another weight, and the pod before is gone at once
		began := time.Now()
		r.apply(append(world, primary.pod, canary.pod, aRoute(2*i+2, weights(100-i, i)))...)
		took = append(took, time.Since(began))
		if i > 0 {
			_ = canaries[i-1].server.Shutdown(context.Background())
		}
		r.apply(append(world, primary.pod, canary.pod, aRoute(2*i+3, weights(50, 50)))...)
	}
	r.apply(append(world, primary.pod, aRoute(1000, weights(100, 0)))...) // the last pod goes in the same moment as its weight
	_ = canaries[len(canaries)-1].server.Shutdown(context.Background())
	close(stop)
	group.Wait()

	var sum, longest time.Duration
	for _, one := range took {
		sum, longest = sum+one, max(longest, one)
	}
	t.Logf("%d requests during %d changes of routes and endpoints; a change took %s on average, %s at most",
		sent.Load(), 2*len(canaries), (sum / time.Duration(len(took))).Round(time.Microsecond), longest.Round(time.Microsecond))
	if longest > 2*time.Second {
		t.Errorf("a change took %s", longest)
	}
}

func TestAPodThatVanishedUnsaidFailsNoRequest(t *testing.T) {
	r := aRig(t)
	one, two := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-primary", "127.0.9.1", fine)
	r.apply(aGateway, aService("app-primary"), aService("app-canary"), one.pod, two.pod, aRoute(1, weights(1, 0)))
	_ = two.server.Close()

	for range 100 {
		r.must(200, "app-primary", "/")
	}
}

func TestAnObjectThatMakesNoSenseLeavesTheVersionBeforeAndTheOthersInEffect(t *testing.T) {
	r := aRig(t)
	primary, canary := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-canary", "127.0.0.1", fine)
	world := []string{aGateway, aService("app-primary"), aService("app-canary"), primary.pod, canary.pod}
	r.apply(append(world, aRoute(1, weights(1, 0)))...)
	other := strings.NewReplacer("name: app,", "name: other,", "app.example", "other.example").Replace(aRoute(1, weights(0, 1)))

	config := r.apply(append(world, other, aRoute(2, `[{matches: [{path: {type: RegularExpression, value: "/(["}}], backendRefs: [{name: app-canary, port: 80}]}]`))...)

	r.must(200, "app-primary", "/")
	r.must(200, "app-canary", "/", "host", "other.example")
	if refused := config.Routes["shop/app"].Refused; refused == nil || !strings.Contains(refused.Error(), "stays in effect") {
		t.Error(refused)
	}
}

func TestWhatEnvoyItselfRefusesIsLeftOut(t *testing.T) {
	r := aRig(t)
	primary, canary := aBackend(t, "app-primary", "127.0.0.1", fine), aBackend(t, "app-canary", "127.0.0.1", fine)
	world := []string{aGateway, aService("app-primary"), aService("app-canary"), primary.pod, canary.pod}
	r.apply(append(world, aRoute(1, weights(1, 0)))...)
	// No check of ours finds a header name with a space; the API server would.
	bad := aRoute(2, `[{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: "a b\n", value: x}]}}], backendRefs: [{name: app-canary, port: 80}]}]`)

	_, err := r.try(append(world, bad)...)
	refused, is := err.(*RefusedError)
	if !is || !r.translator.Refused(refused.Why) {
		t.Fatalf("%v", err)
	}
	config := r.apply(append(world, bad)...)

	r.must(200, "app-primary", "/")
	if refused := config.Routes["shop/app"].Refused; refused == nil || !strings.Contains(refused.Error(), "Envoy refuses it: Proto constraint validation failed") {
		t.Error(refused)
	}
	t.Log(config.Routes["shop/app"].Refused)
	r.apply(append(world, aRoute(3, weights(0, 1)))...)
	r.must(200, "app-canary", "/")
}

func TestTheAccessLogHasALinePerRequest(t *testing.T) {
	r := aRig(t)
	primary := aBackend(t, "app-primary", "127.0.0.1", fine)
	r.apply(aGateway, aService("app-primary"), aService("app-canary"), primary.pod, aRoute(1, weights(1, 0)))
	for i := range 50 {
		r.must(200, "app-primary", fmt.Sprintf("/page?n=%d", i))
	}

	var lines []map[string]any
	await(t, "50 lines", func() bool {
		lines = nil
		file, err := os.Open(filepath.Join(r.envoy.Dir, "access.log"))
		if err != nil {
			return false
		}
		defer file.Close()
		for scan := bufio.NewScanner(file); scan.Scan(); {
			var line map[string]any
			if json.Unmarshal(scan.Bytes(), &line) == nil {
				lines = append(lines, line)
			}
		}
		return len(lines) == 50
	})

	line := lines[0]
	at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(line["time"]))
	if err != nil || time.Since(at) > time.Minute || line["route"] != "httproute/shop/app/0/0" || line["cluster"] != "shop/app-primary:80" ||
		line["status"] != 200.0 || line["path"] != "/page?n=0" || line["version"] != "app-primary" || line["us"].(float64) <= 0 {
		t.Errorf("%v", line)
	}
	t.Log(line)
}

func TestEnvoyIsStartedAgainWhenItDies(t *testing.T) {
	r := aRig(t)
	primary := aBackend(t, "app-primary", "127.0.0.1", fine)
	world := []string{aGateway, aService("app-primary"), aService("app-canary"), primary.pod}
	r.envoy.Port = 0
	r.apply(append(world, aRoute(1, weights(1, 0)))...)
	if _, err := http.Post(r.envoy.admin+"/quitquitquit", "", nil); err != nil {
		t.Fatal(err)
	}
	await(t, "another Envoy", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		r.envoy.Port = 0
		return r.envoy.awaitReady(ctx) == nil && r.get("/").status == 200
	})
}

func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within 10 s", what)
		}
	}
}
