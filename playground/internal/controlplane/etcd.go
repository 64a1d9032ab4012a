package controlplane

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// Etcd runs a single member in the foreground. It doesn't wait for the disk: what a machine's crash loses here is a
// playground.
func Etcd(args []string) int {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	dir := flags.String("data-dir", "", "folder of the data, kept over restarts")
	client := flags.String("listen-client-url", "http://127.0.0.1:2379", "where clients connect")
	peer := flags.String("listen-peer-url", "http://127.0.0.1:2380", "where other members would connect")
	_ = flags.Parse(args)

	config := embed.NewConfig()
	config.Dir = *dir
	config.LogLevel = "error" // each slow read on a busy machine would be a warning
	config.UnsafeNoFsync = true
	config.AutoCompactionMode = "periodic"
	config.AutoCompactionRetention = "10m"
	config.QuotaBackendBytes = 4 << 30
	clients, peers := mustParse(*client), mustParse(*peer)
	config.ListenClientUrls, config.AdvertiseClientUrls = clients, clients
	config.ListenPeerUrls, config.AdvertisePeerUrls = peers, peers
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	server, err := embed.StartEtcd(config)
	if err != nil {
		fmt.Fprintf(os.Stderr, "etcd: did not start in %s: %v\n", *dir, err)
		return 1
	}
	defer server.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-server.Server.ReadyNotify():
	case <-time.After(time.Minute):
		fmt.Fprintln(os.Stderr, "etcd: not ready after 60 s")
		return 1
	case <-stop:
		return 0
	}
	select {
	case <-stop:
		return 0
	case err := <-server.Err():
		fmt.Fprintf(os.Stderr, "etcd: %v\n", err)
		return 1
	}
}

func mustParse(text string) []url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		fmt.Fprintf(os.Stderr, "etcd: %q is no URL: %v\n", text, err)
		os.Exit(2)
	}
	return []url.URL{*parsed}
}
