package supervisor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const readyWithin = 90 * time.Second

// playground is the parts of one folder, and where they listen.
type playground struct {
	options
	*addresses
	self       string // our own program
	tools      string // its folder, where build.sh put the others
	admin      *identity
	controller *identity
	scheduler  *identity
	node       *identity
	prometheus *identity
	client     *http.Client
}

// ready is what ready.json says, for whoever started us.
type ready struct {
	Kubeconfig    string         `json:"kubeconfig"`
	APIServer     string         `json:"apiServer"`
	Token         string         `json:"token"`
	CA            string         `json:"ca"`
	PrometheusURL string         `json:"prometheusUrl,omitempty"`
	GatewayURL    string         `json:"gatewayUrl,omitempty"`
	HostsFile     string         `json:"hostsFile,omitempty"`
	Images        string         `json:"images,omitempty"`
	Playground    string         `json:"playground"`
	EtcdURL       string         `json:"etcdUrl"`
	Pids          map[string]int `json:"pids"`
}

func prepare(opts options) (*playground, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	wanted := map[string]int{"etcd": 0, "etcd-peer": 0, "apiserver": 0}
	if !opts.minimal {
		wanted["kubelet"], wanted["gateway-admin"] = 0, 0
		wanted["gateway"], wanted["prometheus"] = opts.gatewayPort, opts.prometheusPort
	}
	mine, err := takeAddresses(opts.dir, wanted)
	if err != nil {
		return nil, err
	}
	secret := func(name string) string { return filepath.Join(opts.dir, "pki", name+".kubeconfig") }
	p := &playground{
		options: opts, addresses: mine, self: self, tools: filepath.Dir(self),
		admin: &identity{file: filepath.Join(opts.dir, "kubeconfig"), user: "admin", group: "system:masters"},
		// Each controller has an account of its own only with a token request each at the start; one that may do all is quicker.
		controller: &identity{file: secret("controller-manager"), user: "system:kube-controller-manager", group: "system:masters"},
		scheduler:  &identity{file: secret("scheduler"), user: "system:kube-scheduler"},
		node:       &identity{file: secret("node"), user: "system:node:playground", group: "system:masters"},
		prometheus: &identity{file: secret("prometheus"), user: "playground:prometheus", group: "system:masters"},
	}
	if err := makeKeys(p.key("")); err != nil {
		return nil, err
	}
	everybody := []*identity{p.admin, p.controller, p.scheduler, p.node, p.prometheus}
	if err := makeTokens(opts.dir, p.url("https", "apiserver"), everybody); err != nil {
		return nil, err
	}
	p.client, err = clientTrusting(p.key("ca.crt"))
	return p, err
}

func (p *playground) close()                 { p.taken.Close() }
func (p *playground) key(name string) string { return filepath.Join(p.dir, "pki", name) }

// start returns when all parts are ready.
func (p *playground) start(ctx context.Context, w *watch) error {
	if err := w.start("etcd", p.etcdCommand()); err != nil {
		return err
	}
	if err := w.start("kube-apiserver", p.apiServerCommand()); err != nil {
		return err
	}
	if err := p.answers(ctx, w, "kube-apiserver", p.url("https", "apiserver")+"/readyz"); err != nil {
		return err
	}
	if p.controllers || !p.minimal {
		if err := w.start("kube-controller-manager", p.controllerManagerCommand()); err != nil {
			return err
		}
	}
	if !p.minimal {
		if err := p.startNodeAndTraffic(w); err != nil {
			return err
		}
	}
	if err := p.installObjects(ctx); err != nil {
		return err
	}
	if p.minimal {
		return nil
	}
	if err := p.answers(ctx, w, "prometheus", p.url("http", "prometheus")+"/-/ready"); err != nil {
		return err
	}
	return p.nodeIsReady(ctx, w)
}

func (p *playground) startNodeAndTraffic(w *watch) error {
	if err := os.MkdirAll(p.images, 0o755); err != nil {
		return err
	}
	if err := p.writePrometheusConfig(); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		command []string
	}{
		{"kube-scheduler", p.schedulerCommand()},
		{"node", p.nodeCommand()},
		{"gateway", p.gatewayCommand()},
		{"prometheus", p.prometheusCommand()},
	} {
		if err := w.start(part.name, part.command); err != nil {
			return err
		}
	}
	return nil
}

// answers waits until the URL says 200 to the admin.
func (p *playground) answers(ctx context.Context, w *watch, part, url string) error {
	return within(ctx, w, part, func() bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		request.Header.Set("Authorization", "Bearer "+p.admin.token)
		response, err := p.client.Do(request)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// within asks every 50 ms until the part says yes, gives up, or we are to stop.
func within(ctx context.Context, w *watch, part string, isReady func() bool) error {
	deadline := time.After(readyWithin)
	for !isReady() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-w.failed:
			return err
		case <-deadline:
			return fmt.Errorf("%s is not ready after %s; the end of %s:\n%s", part, readyWithin, w.log(part), tail(w.log(part), 8))
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// announce moves ready.json into place, so that a reader never sees half of it.
func (p *playground) announce(pids map[string]int) error {
	facts := ready{
		Kubeconfig: p.admin.file, APIServer: p.url("https", "apiserver"), Token: p.admin.token, CA: p.key("ca.crt"),
		Playground: p.self, EtcdURL: p.url("http", "etcd"), Pids: pids,
	}
	if !p.minimal {
		facts.PrometheusURL, facts.GatewayURL = p.url("http", "prometheus"), p.url("http", "gateway")
		facts.HostsFile, facts.Images = filepath.Join(p.dir, "hosts"), p.images
	}
	text, err := json.MarshalIndent(facts, "", "  ")
	if err != nil {
		return err
	}
	unfinished := filepath.Join(p.dir, ".ready.json")
	if err := os.WriteFile(unfinished, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, filepath.Join(p.dir, "ready.json"))
}

func clientTrusting(ca string) (*http.Client, error) {
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	return &http.Client{Transport: transport, Timeout: 2 * time.Second}, nil
}
