package supervisor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const validity = 10 * 365 * 24 * time.Hour

// makeKeys writes what the playground's parts prove themselves with, once per folder: a certificate authority (ca), the
// API server's and the node's certificates, a client certificate with which the API server asks the node for logs, and
// the key that signs ServiceAccounts' tokens (sa).
func makeKeys(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	now := time.Now()
	caKey, err := writeKey(dir, "ca")
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "playground"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if err := writeCertificate(dir, "ca", ca, ca, &caKey.PublicKey, caKey); err != nil {
		return err
	}
	if _, err := writeKey(dir, "sa"); err != nil {
		return err
	}
	for serial, leaf := range []struct {
		name    string
		subject pkix.Name
		usage   x509.ExtKeyUsage
	}{
		{"apiserver", pkix.Name{CommonName: "kube-apiserver"}, x509.ExtKeyUsageServerAuth},
		{"kubelet", pkix.Name{CommonName: "playground-node"}, x509.ExtKeyUsageServerAuth},
		{"apiserver-kubelet-client", pkix.Name{CommonName: "kube-apiserver"}, x509.ExtKeyUsageClientAuth},
	} {
		key, err := writeKey(dir, leaf.name)
		if err != nil {
			return err
		}
		certificate := &x509.Certificate{
			SerialNumber: big.NewInt(int64(serial) + 2), Subject: leaf.subject,
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{leaf.usage},
			DNSNames: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
				"kubernetes.default.svc.cluster.local"},
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}
		if err := writeCertificate(dir, leaf.name, certificate, ca, &key.PublicKey, caKey); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "complete"), nil, 0o600)
}

func writeKey(dir, name string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePem(filepath.Join(dir, name+".key"), "EC PRIVATE KEY", der)
}

func writeCertificate(dir, name string, certificate, ca *x509.Certificate, key *ecdsa.PublicKey, caKey *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, certificate, ca, key, caKey)
	if err != nil {
		return err
	}
	return writePem(filepath.Join(dir, name+".crt"), "CERTIFICATE", der)
}

func writePem(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// identity is who a part is to the API server.
type identity struct{ file, user, group, token string }

// makeTokens writes tokens.csv and, for each identity, a kubeconfig; tokens are drawn once per folder.
func makeTokens(dir, server string, identities []*identity) error {
	csv := ""
	for _, who := range identities {
		token, err := tokenIn(filepath.Join(dir, "pki", who.user+".token"))
		if err != nil {
			return err
		}
		who.token = token
		csv += fmt.Sprintf("%s,%s,%s,%q\n", token, who.user, who.user, who.group)
		if err := os.WriteFile(who.file, []byte(kubeconfig(dir, server, who)), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "pki", "tokens.csv"), []byte(csv), 0o600)
}

func tokenIn(path string) (string, error) {
	if token, err := os.ReadFile(path); err == nil && len(token) > 0 {
		return string(token), nil
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return "", err
	}
	token := hex.EncodeToString(secret)
	return token, os.WriteFile(path, []byte(token), 0o600)
}

func kubeconfig(dir, server string, who *identity) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: playground
contexts:
- name: playground
  context: {cluster: playground, user: %[3]s}
clusters:
- name: playground
  cluster:
    server: %[2]s
    certificate-authority: %[1]s/pki/ca.crt
users:
- name: %[3]s
  user: {token: %[4]s}
`, dir, server, who.user, who.token)
}
