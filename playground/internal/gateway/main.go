// Package gateway drives a real Envoy by what HTTPRoutes, VirtualServices and DestinationRules say. It obeys the API
// objects, whoever wrote them, and says in their status what came of it.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Main gets the arguments behind the subcommand's name and answers with the exit status.
func Main(args []string) int {
	envoy, config, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "playground gateway:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, envoy, config); err != nil {
		fmt.Fprintln(os.Stderr, "playground gateway:", err)
		return 1
	}
	return 0
}

func parse(args []string) (*Envoy, *rest.Config, error) {
	flags := flag.NewFlagSet("playground gateway", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	envoy := &Envoy{Say: say}
	kubeconfig := flags.String("kubeconfig", os.Getenv("KUBECONFIG"), "how to reach the API server")
	flags.StringVar(&envoy.Binary, "envoy", "", "Envoy's program")
	flags.StringVar(&envoy.Dir, "dir", "", "folder for Envoy's files, access.log and gateway.json")
	flags.StringVar(&envoy.Address, "address", "127.0.0.1", "loopback address to listen on")
	flags.IntVar(&envoy.Port, "port", 0, "port to listen on; 0: a free one, see gateway.json")
	flags.IntVar(&envoy.AdminPort, "admin-port", 0, "port of Envoy's admin pages; 0: a free one, see gateway.json")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(os.Stderr)
			flags.Usage()
		}
		return nil, nil, err
	}
	if flags.NArg() > 0 {
		return nil, nil, fmt.Errorf("%q is no option", flags.Arg(0))
	}
	if address, err := netip.ParseAddr(envoy.Address); err != nil || !address.IsLoopback() {
		return nil, nil, fmt.Errorf("--address is %q, which is no loopback address", envoy.Address)
	}
	for name, port := range map[string]int{"--port": envoy.Port, "--admin-port": envoy.AdminPort} {
		if port < 0 || port > 65535 {
			return nil, nil, fmt.Errorf("%s is %d; it must be 0 to 65535", name, port)
		}
	}
	if envoy.Dir == "" {
		return nil, nil, errors.New("--dir is missing: a folder for Envoy's files")
	}
	dir, err := filepath.Abs(envoy.Dir)
	if err != nil {
		return nil, nil, err
	}
	envoy.Dir = dir
	if info, err := os.Stat(envoy.Binary); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return nil, nil, fmt.Errorf("--envoy is %q, which is no program", envoy.Binary)
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return nil, nil, fmt.Errorf("--kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 200, 400
	config.UserAgent = "playground-gateway"
	return envoy, config, nil
}

func run(ctx context.Context, envoy *Envoy, config *rest.Config) error {
	for _, port := range []struct {
		flag, address string
		port          int
	}{{"--port", envoy.Address, envoy.Port}, {"--admin-port", "127.0.0.1", envoy.AdminPort}} {
		if port.port == 0 {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(port.address, strconv.Itoa(port.port)))
		if err != nil {
			return fmt.Errorf("port %d is taken (%w); choose another with %s", port.port, err, port.flag)
		}
		_ = listener.Close()
	}
	starting, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := envoy.Start(starting); err != nil {
		return err
	}
	defer envoy.Stop()
	watch, err := newWatch(ctx, config)
	if err != nil {
		return err
	}
	if err := watch.start(ctx); err != nil {
		return err
	}
	statuses := newStatuses(watch)
	go statuses.run(ctx)
	follow(ctx, envoy, watch, statuses)
	return nil
}

// follow applies what the API server has, again and again, until ctx is done.
func follow(ctx context.Context, envoy *Envoy, watch *watch, statuses *statuses) {
	translator := NewTranslator()
	ready := false
	sweep := time.NewTicker(linger)
	defer sweep.Stop()
	for {
		began := time.Now()
		world := watch.world()
		config := translator.Translate(world)
		applying, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := envoy.Apply(applying, config)
		cancel()
		var refused *RefusedError
		switch {
		case err == nil:
			translator.Accepted()
			statuses.want(world, config)
			if !ready {
				ready = true
				announce(envoy, time.Since(began))
			}
		case ctx.Err() != nil:
			return
		case errors.As(err, &refused) && translator.Refused(refused.Why):
			say("%v; what is new in it is left out", err)
			continue
		default:
			say("%v; the configuration before stays in effect", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-watch.changed:
		case <-sweep.C:
		}
	}
}

// announce writes gateway.json when the gateway is ready, for whoever waits for that.
func announce(envoy *Envoy, took time.Duration) {
	url := "http://" + net.JoinHostPort(envoy.Address, strconv.Itoa(envoy.Port))
	body, _ := json.Marshal(map[string]any{"url": url, "admin": envoy.admin, "accessLog": envoy.path("access.log"), "pid": os.Getpid()})
	next := filepath.Join(envoy.Dir, "next", "gateway.json")
	if err := os.WriteFile(next, append(body, '\n'), 0o644); err == nil {
		_ = os.Rename(next, envoy.path("gateway.json"))
	}
	fmt.Printf("gateway ready on %s, admin on %s, first configuration in %s\n", url, envoy.admin, took.Round(time.Millisecond))
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s gateway: %s\n", time.Now().UTC().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}
