package e2e

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// The login of the tests, and its line in a file of htpasswd.
const (
	realUser, realPassword = "me", "hunter22"
	htpasswdLine           = realUser + ":$2a$05$sGFDQcAZU1GuGDoozCyA4eh1uZwhmwnnxiQQ8HwJNdIcByhf.bPTu\n"
	realIdentityToken      = "hunter22-identity"
)

// realLogin is a file of docker with a login.
type realLogin struct{ name, entry string }

// Logins, with the entry of config.json for each.
var (
	goodLogin     = realLogin{"a login", fmt.Sprintf(`{"auth":%q}`, base64.StdEncoding.EncodeToString([]byte(realUser+":"+realPassword)))}
	identityLogin = realLogin{"an identity token", fmt.Sprintf(`{"identitytoken":%q}`, realIdentityToken)}
	badLogin      = realLogin{"a wrong login", fmt.Sprintf(`{"auth":%q}`, base64.StdEncoding.EncodeToString([]byte(realUser+":wrong")))}
	noLogin       = realLogin{"no login", `{}`}
)

// TestRealLogins reads real registries that require a login: with a file of htpasswd, and with a
// token service that signs its tokens.
func TestRealLogins(t *testing.T) {
	for _, r := range realRegistries {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			requireInstalled(t, r.program)
			t.Run("htpasswd", func(t *testing.T) {
				t.Parallel()
				r := r // the other test has another configuration
				r.config += "\n" + htpasswdConfig(t)
				host := r.start(t)
				basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(realUser+":"+realPassword))
				checkRealLogins(t, host, basic, []realLogin{goodLogin}, map[realLogin]string{
					noLogin:  "HOST requires a login for team/app, or it does not exist; run docker login HOST",
					badLogin: `HOST rejected the login of user "me" in FILE for team/app ("authentication required"); check the name, or run docker login HOST again`,
				})
			})
			t.Run("signed tokens", func(t *testing.T) {
				t.Parallel()
				s := startTokenService(t)
				r := r
				r.config += "\n" + s.config(t)
				host := r.start(t)
				token := "Bearer " + s.sign(s.claims("repository:team/app:pull,push"))
				checkRealLogins(t, host, token, []realLogin{goodLogin, identityLogin}, map[realLogin]string{
					noLogin:  "HOST requires a login for team/app, or it does not exist; run docker login HOST",
					badLogin: s.host() + ` rejected the login of user "me" in FILE ("words of the registry"); run docker login HOST again`,
				})
			})
		})
	}
}

// htpasswdConfig is the part of a registry's configuration for a file of htpasswd.
func htpasswdConfig(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(file, []byte(htpasswdLine), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("auth: {htpasswd: {realm: registry, path: %q}}", file)
}

// withAuthorization is a http.RoundTripper that adds a header Authorization.
type withAuthorization string

func (a withAuthorization) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if a != "" {
		r.Header.Set("Authorization", string(a))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// checkRealLogins pushes an image with a header Authorization, and reads it with each login. refused has the lines for logins
// that the registry does not accept, with HOST and FILE for the registry and config.json.
func checkRealLogins(t *testing.T, host, authorization string, good []realLogin, refused map[realLogin]string) {
	t.Helper()
	img, err := random.Image(200, 2)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(host+"/team/app:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithTransport(withAuthorization(authorization))); err != nil {
		t.Fatal(err)
	}
	run := func(l realLogin, args ...string) (runResult, string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(file, fmt.Appendf(nil, `{"auths":{%q:%s}}`, host, l.entry), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
		defer cancel()
		cmd := cleanCommand(ctx, t, uitest.Build(t), args...)
		cmd.Env = append(cmd.Env, "DOCKER_CONFIG="+filepath.Dir(file))
		return runCommand(ctx, t, cmd), file
	}
	for _, l := range good {
		for _, tt := range []struct{ what, want string }{
			{host, "team/app"}, {host + "/team/app", "1"}, {host + "/team/app:1", "random"},
		} {
			got, _ := run(l, "-o", "text", tt.what)
			if got.code != 0 || !strings.Contains(got.out, tt.want) {
				t.Errorf("%s, %s: exit code %d\n%s%s", l.name, tt.what, got.code, got.out, got.errors)
			}
		}
	}
	for l, want := range refused {
		got, file := run(l, "-o", "text", host+"/team/app")
		want = "tagdiff: " + strings.NewReplacer("HOST", host, "FILE", file).Replace(want) + "\n"
		if got.code != exitTrouble || got.out != "" || got.errors != want {
			t.Errorf("%s: exit code %d\ngot  %swant %s", l.name, got.code, got.errors, want)
		}
	}
}

// tokenService is a token service in this process. It signs its tokens, with its certificate in
// them, as distribution requires.
type tokenService struct {
	*httptest.Server

	key         *ecdsa.PrivateKey
	certificate []byte
}

func startTokenService(t *testing.T) *tokenService {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tokens"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s := &tokenService{key: key, certificate: certificate}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenService) host() string { return strings.TrimPrefix(s.URL, "http://") }

// config is the part of a registry's configuration for the service.
func (s *tokenService) config(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate}), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("auth: {token: {realm: %q, service: registry, issuer: tokens, rootcertbundle: %q}}", s.URL+"/token", file)
}

// serve issues a token for all scopes of a request. Without a login it has no access.
func (s *tokenService) serve(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	user, password, hasLogin := r.BasicAuth()
	allowed := user == realUser && password == realPassword
	if r.Method == http.MethodPost {
		hasLogin, allowed = true, r.FormValue("refresh_token") == realIdentityToken || r.FormValue("password") == realPassword
	}
	if hasLogin && !allowed {
		refuses(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
		return
	}
	var scopes []string
	if allowed {
		scopes = strings.Fields(strings.Join(r.Form["scope"], " "))
	}
	token := s.sign(s.claims(scopes...))
	json.NewEncoder(w).Encode(map[string]any{"token": token, "access_token": token, "expires_in": 300}) //nolint:errcheck // the client may be gone
}

// claims are the claims of a token for scopes.
func (s *tokenService) claims(scopes ...string) map[string]any {
	type entry struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	}
	access := []entry{}
	for _, scope := range scopes {
		kind, rest, _ := strings.Cut(scope, ":")
		if i := strings.LastIndex(rest, ":"); i > 0 {
			access = append(access, entry{kind, rest[:i], strings.Split(rest[i+1:], ",")})
		}
	}
	now := time.Now().Unix()
	return map[string]any{
		"iss": "tokens", "sub": realUser, "aud": "registry", "exp": now + 300, "nbf": now - 60, "iat": now - 60, "jti": "1", "access": access,
	}
}

// sign makes a JSON web token.
func (s *tokenService) sign(claims any) string {
	encode := base64.RawURLEncoding.EncodeToString
	header, _ := json.Marshal(map[string]any{"typ": "JWT", "alg": "ES256", "x5c": []string{base64.StdEncoding.EncodeToString(s.certificate)}})
	body, _ := json.Marshal(claims)
	text := encode(header) + "." + encode(body)
	sum := sha256.Sum256([]byte(text))
	x, y, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	x.FillBytes(signature[:32])
	y.FillBytes(signature[32:])
	return text + "." + encode(signature)
}

var cranePort = regexp.MustCompile(`serving on port (\d+)`)

// TestRealCrane reads the registry of crane.
func TestRealCrane(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "crane")
	cmd := cleanCommand(context.Background(), t, "crane", "registry", "serve", "--address", "127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	host := ""
	lines := bufio.NewScanner(log)
	for host == "" && lines.Scan() {
		if m := cranePort.FindStringSubmatch(lines.Text()); m != nil {
			host = "127.0.0.1:" + m[1]
		}
	}
	if host == "" {
		t.Fatal("crane names no port")
	}
	go io.Copy(io.Discard, log) //nolint:errcheck // ends with the registry
	checkRealLogins(t, host, "", []realLogin{noLogin}, nil)
	checkTags(t, host+"/team/more")
}
