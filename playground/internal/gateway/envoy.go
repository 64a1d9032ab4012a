package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Envoy is one Envoy process that reads its clusters and routes from two files, moved into place whenever they change.
// Endpoints stand in the clusters' file: a file per cluster would need an inotify instance per cluster, and a user has
// 128 of them.
type Envoy struct {
	Binary    string
	Dir       string // of its files; absolute
	Address   string // loopback, of the listener
	Port      int
	AdminPort int                              // 0: a free one
	Say       func(format string, args ...any) // what a person should know

	admin    string
	client   *http.Client
	version  int
	clusters map[string]obj // as Envoy has them, those that nobody asks for any more too
	unused   map[string]time.Time
	written  map[string][]byte // by file
	stop     chan struct{}
	ended    chan struct{}

	mu       sync.Mutex
	rejected string // Envoy's words for the last refusal
}

// RefusedError is Envoy's answer to a configuration that it doesn't take; the one before stays in effect.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return "Envoy refuses the configuration: " + e.Why }

const (
	clustersFile = "clusters.json"
	routesFile   = "routes.json"
	routesName   = "routes"

	// How long a cluster stays that no route names: requests under way end there.
	linger = 30 * time.Second
)

// Start brings Envoy up with no route at all; it then runs until Stop, or until this process ends, however that ends.
// If it dies, it is started again with the last configuration.
func (e *Envoy) Start(ctx context.Context) error {
	e.client = &http.Client{Timeout: 5 * time.Second}
	e.clusters, e.unused, e.written = map[string]obj{}, map[string]time.Time{}, map[string][]byte{}
	e.stop, e.ended = make(chan struct{}), make(chan struct{})
	if err := os.MkdirAll(filepath.Join(e.Dir, "next"), 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(e.path("access.log")); err == nil {
		_ = os.Rename(e.path("access.log"), e.path("access.log.before"))
	}
	e.version = 1
	if _, err := e.write(clustersFile, clustersBody(e.clusters)); err != nil {
		return err
	}
	if _, err := e.write(routesFile, routesBody(nil)); err != nil {
		return err
	}
	bootstrap, _ := json.MarshalIndent(e.bootstrap(), "", " ")
	if err := os.WriteFile(e.path("bootstrap.json"), bootstrap, 0o644); err != nil {
		return err
	}
	first := make(chan error, 1)
	go e.keepRunning(first)
	if err := <-first; err != nil {
		return err
	}
	return e.awaitReady(ctx)
}

// Stop ends Envoy. Requests under way are cut off: whoever wants them answered removes the load first.
func (e *Envoy) Stop() {
	close(e.stop)
	<-e.ended
}

func (e *Envoy) path(name string) string { return filepath.Join(e.Dir, name) }

// keepRunning stays on one thread: Envoy is to die with it (Pdeathsig), and Go ends idle threads.
func (e *Envoy) keepRunning(first chan<- error) {
	defer close(e.ended)
	runtime.LockOSThread()
	for {
		_ = os.Remove(e.path("admin.address"))
		cmd := exec.Command(e.Binary, "--config-path", e.path("bootstrap.json"), "--concurrency", "1", "--disable-hot-restart",
			"--log-level", "warning", "--file-flush-interval-msec", "50", "--file-flush-min-size-kb", "1",
			"--drain-time-s", "1", "--parent-shutdown-time-s", "2", "--admin-address-path", e.path("admin.address"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
		output, writer, err := os.Pipe()
		if err == nil {
			cmd.Stdout, cmd.Stderr = writer, writer
			err = cmd.Start()
			_ = writer.Close()
		}
		if first != nil {
			first <- err
			first = nil
		}
		if err != nil {
			return
		}
		go e.listen(output)
		over := make(chan struct{})
		go func() {
			select {
			case <-e.stop:
				_ = cmd.Process.Signal(syscall.SIGTERM)
				select {
				case <-over:
				case <-time.After(3 * time.Second):
					_ = cmd.Process.Kill()
				}
			case <-over:
			}
		}()
		err = cmd.Wait()
		close(over)
		select {
		case <-e.stop:
			return
		default:
		}
		e.Say("Envoy ended (%v); it is started again. Its words: %s", err, e.path("envoy.log"))
		select {
		case <-e.stop:
			return
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// listen keeps Envoy's log, and what it says about a configuration that it refuses.
func (e *Envoy) listen(output io.ReadCloser) {
	defer output.Close()
	log, err := os.OpenFile(e.path("envoy.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		log = nil
	} else {
		defer log.Close()
	}
	dump := false
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if log != nil {
			_, _ = log.Write(append(lines.Bytes(), '\n'))
		}
		_, words, found := strings.Cut(lines.Text(), "update rejected: ")
		if found && strings.HasPrefix(words, "goo.gle/") { // the whole configuration comes first, then why
			dump, found = true, false
		} else if dump {
			words, found = strings.CutPrefix(lines.Text(), ": ")
		}
		if found {
			dump = false
			e.mu.Lock()
			e.rejected = words
			e.mu.Unlock()
		}
	}
	_, _ = io.Copy(io.Discard, output)
}

func (e *Envoy) awaitReady(ctx context.Context) error {
	for {
		select {
		case <-e.ended:
			return fmt.Errorf("Envoy did not start; its words: %s", e.path("envoy.log"))
		case <-ctx.Done():
			return fmt.Errorf("Envoy is not ready; its words: %s", e.path("envoy.log"))
		case <-time.After(10 * time.Millisecond):
		}
		address, err := os.ReadFile(e.path("admin.address"))
		if err != nil || len(address) == 0 {
			continue
		}
		e.admin = "http://" + strings.TrimSpace(string(address))
		if _, err := e.get("/ready"); err == nil {
			return e.findPort()
		}
	}
}

func (e *Envoy) findPort() error {
	if e.Port != 0 {
		return nil
	}
	body, err := e.get("/listeners?format=json")
	if err != nil {
		return err
	}
	var listeners struct {
		Statuses []struct {
			Name    string `json:"name"`
			Address struct {
				Socket struct {
					Port int `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal(body, &listeners); err != nil {
		return err
	}
	for _, l := range listeners.Statuses {
		if l.Name == "gateway" {
			e.Port = l.Address.Socket.Port
		}
	}
	return nil
}

func (e *Envoy) get(path string) ([]byte, error) {
	response, err := e.client.Get(e.admin + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("Envoy's admin answers %s to %s", response.Status, path)
	}
	return body, err
}

// Apply makes Envoy route so, and returns when it does. First every cluster gets there that the new routes need, then
// the routes, then endpoints go that only the old routes needed: no request meets a cluster that isn't there, or has
// just been emptied.
func (e *Envoy) Apply(ctx context.Context, config Config) error {
	now := time.Now()
	next, gentle := map[string]obj{}, map[string]obj{}
	for name, cluster := range e.clusters {
		if _, wanted := config.Clusters[name]; wanted {
			continue
		}
		if since, known := e.unused[name]; !known {
			e.unused[name] = now
		} else if now.Sub(since) > linger {
			continue
		}
		next[name], gentle[name] = cluster, cluster
	}
	for name, cluster := range config.Clusters {
		delete(e.unused, name)
		next[name], gentle[name] = cluster, cluster
		if before, there := e.clusters[name]; there && isEmpty(cluster) {
			gentle[name] = before
		}
	}
	for name := range e.unused {
		if _, kept := next[name]; !kept {
			delete(e.unused, name)
		}
	}
	routes := routesBody(config.Hosts)
	if !bytes.Equal(routes, e.written[routesFile]) {
		if err := e.put(ctx, clustersFile, clustersBody(gentle)); err != nil {
			return err
		}
		e.clusters = gentle
		if err := e.put(ctx, routesFile, routes); err != nil {
			return err
		}
	}
	if err := e.put(ctx, clustersFile, clustersBody(next)); err != nil {
		return err
	}
	e.clusters = next
	return nil
}

func isEmpty(cluster obj) bool {
	endpoints := cluster["load_assignment"].(obj)["endpoints"].([]any)
	return len(endpoints[0].(obj)["lb_endpoints"].([]any)) == 0
}

// put writes a file if it changed, and waits until Envoy has it.
func (e *Envoy) put(ctx context.Context, file string, body []byte) error {
	if bytes.Equal(body, e.written[file]) {
		return nil
	}
	before, err := e.state(file)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.rejected = ""
	e.mu.Unlock()
	e.version++
	undo, err := e.write(file, body)
	if err != nil {
		return err
	}
	for {
		state, err := e.state(file)
		if err == nil && state.version == strconv.Itoa(e.version) && state.warming == 0 {
			return nil
		}
		if err == nil && state.rejected > before.rejected {
			undo()
			return &RefusedError{e.words()}
		}
		select {
		case <-ctx.Done():
			undo()
			return fmt.Errorf("Envoy has not taken %s: %w", file, context.Cause(ctx))
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// words waits a moment: the log comes another way than the count.
func (e *Envoy) words() string {
	for range 50 {
		e.mu.Lock()
		words := e.rejected
		e.mu.Unlock()
		if words != "" {
			return words
		}
		time.Sleep(2 * time.Millisecond)
	}
	return "see " + e.path("envoy.log")
}

type updateState struct {
	version  string
	rejected int
	warming  int
}

func (e *Envoy) state(file string) (updateState, error) {
	prefix := "cluster_manager.cds."
	if file == routesFile {
		prefix = "http.gateway.rds." + routesName + "."
	}
	filter := "^(" + regexp.QuoteMeta(prefix) + "(version_text|update_rejected)|cluster_manager\\.warming_clusters)$"
	body, err := e.get("/stats?filter=" + strings.NewReplacer(`\`, "%5C", "^", "%5E", "|", "%7C").Replace(filter))
	if err != nil {
		return updateState{}, err
	}
	var state updateState
	for _, line := range strings.Split(string(body), "\n") {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case prefix + "version_text":
			state.version = strings.Trim(value, `"`)
		case prefix + "update_rejected":
			state.rejected, _ = strconv.Atoi(value)
		case "cluster_manager.warming_clusters":
			state.warming, _ = strconv.Atoi(value)
		}
	}
	return state, nil
}

// write moves a file into place; undo forgets that, so that the next Apply writes again.
func (e *Envoy) write(file string, body []byte) (undo func(), err error) {
	whole := bytes.Replace(body, []byte(`"version_info":""`), []byte(`"version_info":"`+strconv.Itoa(e.version)+`"`), 1)
	next := filepath.Join(e.Dir, "next", file)
	if err := os.WriteFile(next, whole, 0o644); err != nil {
		return nil, err
	}
	before := e.written[file]
	e.written[file] = body
	return func() { e.written[file] = before }, os.Rename(next, e.path(file))
}

func clustersBody(clusters map[string]obj) []byte {
	resources := make([]any, 0, len(clusters))
	for _, name := range sortedKeys(clusters) {
		resources = append(resources, with(clusters[name], obj{"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster"}))
	}
	body, _ := json.Marshal(obj{"version_info": "", "resources": resources})
	return body
}

func routesBody(hosts []obj) []byte {
	list := make([]any, 0, len(hosts))
	for _, host := range hosts {
		list = append(list, host)
	}
	body, _ := json.Marshal(obj{"version_info": "", "resources": []any{obj{
		"@type":                        "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
		"name":                         routesName,
		"ignore_port_in_host_matching": true,
		"virtual_hosts":                list,
	}}})
	return body
}

func (e *Envoy) bootstrap() obj {
	file := func(name string) obj {
		return obj{"resource_api_version": "V3", "initial_fetch_timeout": "5s",
			"path_config_source": obj{"path": e.path(name), "watched_directory": obj{"path": e.Dir}}}
	}
	pipe := obj{"pipe": obj{"path": fmt.Sprintf("@playground-gateway-%d-%d", os.Getpid(), time.Now().UnixNano())}}
	socket := func(address string, port int) obj {
		return obj{"socket_address": obj{"address": address, "port_value": port}}
	}
	return obj{
		"node":              obj{"id": "gateway", "cluster": "playground"},
		"admin":             obj{"address": socket("127.0.0.1", e.AdminPort)},
		"dynamic_resources": obj{"cds_config": file(clustersFile)},
		"static_resources": obj{
			"listeners": []any{
				obj{"name": "gateway", "address": socket(e.Address, e.Port), "filter_chains": []any{obj{"filters": []any{obj{
					"name": "envoy.filters.network.http_connection_manager",
					"typed_config": obj{
						"@type":              "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
						"stat_prefix":        "gateway",
						"use_remote_address": true,
						"normalize_path":     true,
						"rds":                obj{"route_config_name": routesName, "config_source": file(routesFile)},
						"access_log":         []any{e.accessLog()},
						"http_filters": []any{
							obj{"name": "envoy.filters.http.cors", "typed_config": obj{"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"}},
							router(),
						},
					},
				}}}}},
				obj{"name": nowhere, "address": pipe, "filter_chains": []any{obj{"filters": []any{obj{
					"name": "envoy.filters.network.http_connection_manager",
					"typed_config": obj{
						"@type":        "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
						"stat_prefix":  nowhere,
						"http_filters": []any{router()},
						"route_config": obj{"virtual_hosts": []any{obj{"name": nowhere, "domains": []any{"*"}, "routes": []any{obj{
							"match":           obj{"prefix": "/"},
							"direct_response": obj{"status": 500, "body": obj{"inline_string": "the route names a backend that can't be resolved\n"}},
						}}}}},
					},
				}}}}},
			},
			"clusters": []any{obj{
				"name": nowhere, "type": "STATIC", "connect_timeout": "1s",
				"load_assignment": obj{"cluster_name": nowhere, "endpoints": []any{obj{"lb_endpoints": []any{obj{"endpoint": obj{"address": pipe}}}}}},
			}},
		},
	}
}

func router() obj {
	return obj{"name": "envoy.filters.http.router", "typed_config": obj{"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}
}

// accessLog writes one line of JSON per request when it has ended.
func (e *Envoy) accessLog() obj {
	return obj{"name": "envoy.access_loggers.file", "typed_config": obj{
		"@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
		"path":  e.path("access.log"),
		"log_format": obj{"json_format": obj{
			"time":     "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
			"host":     "%REQ(:AUTHORITY)%",
			"method":   "%REQ(:METHOD)%",
			"path":     "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
			"route":    "%ROUTE_NAME%",
			"cluster":  "%UPSTREAM_CLUSTER_RAW%",
			"upstream": "%UPSTREAM_HOST%",
			"status":   "%RESPONSE_CODE%",
			"us":       "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
			"flags":    "%RESPONSE_FLAGS%",
			"attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
			"version":  "%RESP(X-APP-VERSION)%",
		}},
	}}
}
