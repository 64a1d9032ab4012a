package node

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

const followEvery = 100 * time.Millisecond

// serveLogs answers what `kubectl logs` asks the API server, which asks us: the kubelet's /containerLogs. Only the API
// server may ask.
func (n *Node) serveLogs() error {
	certificate, err := tls.LoadX509KeyPair(n.cert, n.key)
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(n.ca)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", hostIP, n.port))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", n.containerLogs)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "this node serves logs only, not "+r.URL.Path, http.StatusNotImplemented)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	}}
	go func() { log.Printf("no more logs are served reason=%q", server.ServeTLS(listener, "", "")) }()
	return nil
}

func (n *Node) containerLogs(w http.ResponseWriter, r *http.Request) {
	namespace, pod, container := r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container")
	query := r.URL.Query()
	runs := runsOf(podLogDir(n.dir, namespace, pod), container)
	if query.Get("previous") == "true" && len(runs) > 0 {
		runs = runs[:len(runs)-1]
	}
	if len(runs) == 0 {
		http.Error(w, fmt.Sprintf("container %q of pod %s/%s has no such log", container, namespace, pod), http.StatusBadRequest)
		return
	}
	file, err := os.Open(runs[len(runs)-1])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer file.Close()
	if lines, err := strconv.Atoi(query.Get("tailLines")); err == nil {
		if err := seekToTail(file, lines); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	var reader io.Reader = file
	if limit, err := strconv.ParseInt(query.Get("limitBytes"), 10, 64); err == nil {
		reader = io.LimitReader(file, limit)
	}
	w.Header().Set("Content-Type", "text/plain")
	if _, err := io.Copy(w, reader); err != nil || query.Get("follow") != "true" {
		return
	}
	n.followLog(w, r, reader, namespace, pod, container)
}

// followLog ends when the container's process has, or the reader is gone.
func (n *Node) followLog(w http.ResponseWriter, r *http.Request, reader io.Reader, namespace, pod, container string) {
	flusher := http.NewResponseController(w)
	for {
		runs := n.runs(namespace, pod, container)
		copied, err := io.Copy(w, reader)
		if err != nil || copied == 0 && !runs {
			return
		}
		if flusher.Flush() != nil || !pause(r.Context(), followEvery) {
			return
		}
	}
}

func (n *Node) runs(namespace, pod, name string) bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, worker := range n.workers {
		if worker.namespace != namespace || worker.name != pod {
			continue
		}
		for _, c := range append(append([]*container{}, worker.init...), worker.main...) {
			if c.spec.Name == name {
				worker.mutex.Lock()
				defer worker.mutex.Unlock()
				return c.runs
			}
		}
	}
	return false
}

// runsOf are the files of a container's runs, the latest one last.
func runsOf(dir, container string) []string {
	files, _ := filepath.Glob(filepath.Join(dir, container+".*.log"))
	number := func(file string) int {
		parts := strings.Split(filepath.Base(file), ".")
		n, _ := strconv.Atoi(parts[len(parts)-2])
		return n
	}
	sort.Slice(files, func(i, j int) bool { return number(files[i]) < number(files[j]) })
	return files
}

// seekToTail goes to the beginning of the last lines.
func seekToTail(file *os.File, lines int) error {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	buffer, found := make([]byte, 4096), -1 // the last line's own end doesn't count
	for at := end; at > 0; {
		length := min(int64(len(buffer)), at)
		at -= length
		if _, err := file.ReadAt(buffer[:length], at); err != nil {
			return err
		}
		for i := length - 1; i >= 0; i-- {
			if buffer[i] != '\n' && !(found < 0 && at+i == end-1) {
				continue
			}
			found++
			if found == lines {
				_, err := file.Seek(at+i+1, io.SeekStart)
				return err
			}
		}
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}
