// Package supervisor starts a playground's parts, watches over them and ends them: `playground up`.
package supervisor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// options are the command line's.
type options struct {
	dir            string
	images         string
	crds           []string
	cluster        string
	scrape         time.Duration
	backoff        time.Duration
	gatewayPort    int
	prometheusPort int
	minimal        bool
	controllers    bool
	fresh          bool
	untilEOF       bool
}

// Main runs in the foreground until a signal or a failure, and leaves no process behind in either case.
func Main(args []string) int {
	opts, err := parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "playground up: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	if opts.untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if err := up(ctx, opts); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "playground up: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	flags.StringVar(&opts.dir, "dir", "", "folder of everything that belongs to this playground; used again, it goes on")
	flags.StringVar(&opts.images, "images", "", "folder with one JSON file per image repository (default DIR/images)")
	flags.Func("crds", "a folder or file of further CustomResourceDefinitions or other objects; may be repeated", func(path string) error {
		opts.crds = append(opts.crds, path)
		return nil
	})
	flags.StringVar(&opts.cluster, "cluster", "built-in", "built-in, or envtest: etcd and kube-apiserver in KUBEBUILDER_ASSETS")
	flags.DurationVar(&opts.scrape, "scrape", 5*time.Second, "Prometheus' scrape interval")
	flags.DurationVar(&opts.backoff, "restart-backoff", 10*time.Second, "first pause before a crashed container is started again; doubles")
	flags.IntVar(&opts.gatewayPort, "gateway-port", 0, "where the gateway listens (default: a free port)")
	flags.IntVar(&opts.prometheusPort, "prometheus-port", 0, "where Prometheus listens (default: a free port)")
	flags.BoolVar(&opts.minimal, "minimal", false, "etcd and API server only")
	flags.BoolVar(&opts.controllers, "controllers", false, "with --minimal: kube-controller-manager too")
	flags.BoolVar(&opts.fresh, "fresh", false, "forget what an earlier run left in DIR")
	flags.BoolVar(&opts.untilEOF, "until-eof", false, "end when standard input is closed, as it is when whoever started us ends")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	if flags.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if opts.dir == "" {
		return opts, errors.New("--dir is missing: name a folder for the playground's data")
	}
	if opts.cluster != "built-in" && opts.cluster != "envtest" {
		return opts, fmt.Errorf("--cluster is %q; known: built-in, envtest", opts.cluster)
	}
	if opts.cluster == "envtest" && os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return opts, errors.New("--cluster envtest takes etcd and kube-apiserver from the folder KUBEBUILDER_ASSETS, which is not set")
	}
	for _, program := range []string{"etcd", "kube-apiserver"} {
		path := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), program)
		if _, err := os.Stat(path); opts.cluster == "envtest" && err != nil {
			return opts, fmt.Errorf("--cluster envtest: KUBEBUILDER_ASSETS holds no %s: %w", program, err)
		}
	}
	if opts.scrape < time.Second {
		return opts, fmt.Errorf("--scrape is %s; the shortest is 1s", opts.scrape)
	}
	var err error
	opts.dir, err = filepath.Abs(opts.dir)
	if err == nil && opts.images == "" {
		opts.images = filepath.Join(opts.dir, "images")
	}
	return opts, err
}

func up(ctx context.Context, opts options) error {
	begin := time.Now()
	if err := os.MkdirAll(filepath.Join(opts.dir, "logs"), 0o755); err != nil {
		return err
	}
	lock, err := lockFolder(opts.dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if opts.fresh {
		if err := forget(opts.dir); err != nil {
			return err
		}
	}
	playground, err := prepare(opts)
	if err != nil {
		return err
	}
	defer playground.close()

	watched := newWatch(opts.dir)
	defer watched.stopAll()
	if err := playground.start(ctx, watched); err != nil {
		return err
	}
	_ = os.WriteFile(filepath.Join(opts.dir, "supervisor.pid"), fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
	if err := playground.announce(watched.pids()); err != nil {
		return err
	}
	watched.changed = func() { _ = playground.announce(watched.pids()) }
	fmt.Printf("playground is ready after %.1f s: export KUBECONFIG=%s\n", time.Since(begin).Seconds(), playground.admin.file)

	select {
	case <-ctx.Done():
		return nil
	case err := <-watched.failed:
		return err
	}
}

// lockFolder keeps a second playground out; the kernel lets go of the lock when we end, however we end.
func lockFolder(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	// An earlier run that was killed may still be taking its processes down.
	for try := 0; ; try++ {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || try == 20 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("a playground runs in %s already: end it, or take another --dir", dir)
	}
	_ = os.Remove(filepath.Join(dir, "ready.json"))
	return file, nil
}

// forget keeps the folder of images, which is the user's, and the lock.
func forget(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "lock" && name != "images" {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return os.MkdirAll(filepath.Join(dir, "logs"), 0o755)
}

// tail is what a person wants to see of a log when its program has ended.
func tail(path string, lines int) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
