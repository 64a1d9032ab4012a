package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// streak turns single answers into an opinion, which changes after a threshold of equal answers in a row.
type streak struct {
	success, failure int32
	opinion          bool
	last             bool
	count            int32
}

func newStreak(probe *v1.Probe, opinion bool) *streak {
	return &streak{success: max(probe.SuccessThreshold, 1), failure: max(probe.FailureThreshold, 1), opinion: opinion}
}

// add says whether a threshold was reached with this answer; then the opinion holds it.
func (s *streak) add(ok bool) bool {
	if ok != s.last {
		s.count = 0
	}
	s.last = ok
	s.count++
	if ok && s.count >= s.success || !ok && s.count >= s.failure {
		s.opinion = ok
		return true
	}
	return false
}

// watchProbe asks again and again until the context ends or tell, which hears every opinion formed, says stop.
func watchProbe(ctx context.Context, probe *v1.Probe, opinion bool, ask func(context.Context) error, tell func(ok bool, why error) (stop bool)) {
	if !pause(ctx, time.Duration(probe.InitialDelaySeconds)*time.Second) {
		return
	}
	answers := newStreak(probe, opinion)
	for {
		asking, cancel := context.WithTimeout(ctx, time.Duration(max(probe.TimeoutSeconds, 1))*time.Second)
		err := ask(asking)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if answers.add(err == nil) && tell(answers.opinion, err) {
			return
		}
		if !pause(ctx, time.Duration(max(probe.PeriodSeconds, 1))*time.Second) {
			return
		}
	}
}

// pause says false if the context ended first.
func pause(ctx context.Context, length time.Duration) bool {
	if length <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// asker knows how to ask a container what the probe wants to know.
func asker(probe *v1.Probe, container *v1.Container, ip string, env []string) func(context.Context) error {
	switch {
	case probe.HTTPGet != nil:
		return func(ctx context.Context) error { return askHTTP(ctx, probe.HTTPGet, container, ip) }
	case probe.TCPSocket != nil:
		return func(ctx context.Context) error { return askTCP(ctx, probe.TCPSocket, container, ip) }
	case probe.Exec != nil:
		return func(ctx context.Context) error { return askCommand(ctx, probe.Exec.Command, env) }
	default:
		return func(context.Context) error {
			return fmt.Errorf("this node knows httpGet, tcpSocket and exec probes only")
		}
	}
}

var probeClient = &http.Client{
	Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	// As the kubelet: a redirect to elsewhere is a success, and isn't followed.
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func askHTTP(ctx context.Context, get *v1.HTTPGetAction, container *v1.Container, ip string) error {
	port, err := portOf(get.Port, container)
	if err != nil {
		return err
	}
	scheme, host := "http", get.Host
	if get.Scheme == v1.URISchemeHTTPS {
		scheme = "https"
	}
	if host == "" {
		host = ip
	}
	path := get.Path
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s://%s%s", scheme, net.JoinHostPort(host, port), path), nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "kube-probe/1.34")
	for _, header := range get.HTTPHeaders {
		if http.CanonicalHeaderKey(header.Name) == "Host" {
			request.Host = header.Value
		}
		request.Header.Set(header.Name, header.Value)
	}
	response, err := probeClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode >= 400 {
		return fmt.Errorf("HTTP probe failed with statuscode: %d", response.StatusCode)
	}
	return nil
}

func askTCP(ctx context.Context, socket *v1.TCPSocketAction, container *v1.Container, ip string) error {
	port, err := portOf(socket.Port, container)
	if err != nil {
		return err
	}
	host := socket.Host
	if host == "" {
		host = ip
	}
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	return connection.Close()
}

func askCommand(ctx context.Context, command, env []string) error {
	if len(command) == 0 {
		return fmt.Errorf("the probe's command is empty")
	}
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	process.Env = env
	if output, err := process.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, firstLine(output))
	}
	return nil
}

func portOf(port intstr.IntOrString, container *v1.Container) (string, error) {
	if port.Type == intstr.Int {
		return strconv.Itoa(port.IntValue()), nil
	}
	for _, known := range container.Ports {
		if known.Name == port.StrVal {
			return strconv.Itoa(int(known.ContainerPort)), nil
		}
	}
	if number, err := strconv.Atoi(port.StrVal); err == nil {
		return strconv.Itoa(number), nil
	}
	return "", fmt.Errorf("container %s has no port named %q", container.Name, port.StrVal)
}
