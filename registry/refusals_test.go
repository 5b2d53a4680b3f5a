package registry

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// namedHosts is a network of https servers with the names of real ones, which counts its
// requests.
type namedHosts struct {
	hosts map[string]http.HandlerFunc
	mu    sync.Mutex
	asked int
}

func (n *namedHosts) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.asked++
	n.mu.Unlock()
	serve, found := n.hosts[r.URL.Host]
	if !found || r.URL.Scheme != "https" {
		return nil, &net.DNSError{Name: r.URL.Host, IsNotFound: true}
	}
	w := httptest.NewRecorder()
	serve(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// client is a client in this network, with a login for a registry unless user is "".
func (n *namedHosts) client(t testing.TB, registry, user string) *Client {
	t.Helper()
	c := newClient(t, Options{})
	c.transport.Wrap = func(http.RoundTripper) http.RoundTripper { return n }
	if user != "" {
		logIn(t, c, registry, user, "secret")
	}
	return c
}

// refusedWith is a refusal in the form of the distribution-spec.
func refusedWith(code int, name, message string, header ...string) http.HandlerFunc {
	body, err := json.Marshal(map[string]any{"errors": []any{map[string]any{"code": name, "message": message}}})
	if err != nil {
		panic(err)
	}
	return status(code, string(body), append([]string{"Content-Type", "application/json"}, header...)...)
}

// needsToken is a registry that asks for a token of realm and answers requests with one with then.
func needsToken(realm string, then http.HandlerFunc) http.HandlerFunc {
	challenge := fmt.Sprintf(`Bearer realm=%q,service="s"`, realm)
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(realm, r.URL.Path):
			status(200, `{"token":"t"}`)(w, r)
		case r.Header.Get("Authorization") == "":
			refusedWith(401, "UNAUTHORIZED", "authentication required", "WWW-Authenticate", challenge)(w, r)
		default:
			then(w, r)
		}
	}
}

// needsBasic is a registry that asks for a password and answers requests with one with then.
func needsBasic(then http.HandlerFunc) http.HandlerFunc {
	return unless(refusedWith(401, "UNAUTHORIZED", "Not Authorized", "WWW-Authenticate", `Basic realm="r"`), then)
}

// TestLoad_refusals checks what is said about the refusals of hosted registries, and the
// number of requests.
func TestLoad_refusals(t *testing.T) {
	const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	const ecrLogin = "aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin " + ecr
	const ghcrLogin = "gh auth token | docker login ghcr.io -u USER --password-stdin"
	expired := refusedWith(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
	denied := refusedWith(403, "DENIED", "requested access to the resource is denied")
	tokens := status(200, `{"token":"t"}`)
	for _, tt := range []struct {
		name, image string
		hosts       map[string]http.HandlerFunc
		user        string // of the login, "" for none
		want        string
		requests    int
	}{
		{"Docker Hub, private", "docker.io/team/app:1", map[string]http.HandlerFunc{
			"registry-1.docker.io": needsToken("https://auth.docker.io/token", refusedWith(401, "UNAUTHORIZED", "authentication required",
				"WWW-Authenticate", `Bearer realm="https://auth.docker.io/token",service="s",error="insufficient_scope"`)), "auth.docker.io": tokens,
		}, "", "docker.io requires a login for team/app:1, or it does not exist; run docker login", 3},
		{"Docker Hub, wrong password", "docker.io/team/app:1", map[string]http.HandlerFunc{
			"registry-1.docker.io": needsToken("https://auth.docker.io/token", denied), "auth.docker.io": status(401, `{"details":"incorrect username or password"}`),
		}, "me", `auth.docker.io rejected the login of user "me" in config.json ("incorrect username or password"); run docker login again`, 3},
		{"Docker Hub, pull limit", "docker.io/team/app:1", map[string]http.HandlerFunc{
			"registry-1.docker.io": needsToken("https://auth.docker.io/token", refusedWith(429, "TOOMANYREQUESTS",
				"You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
				"Ratelimit-Limit", "100;w=21600", "Ratelimit-Remaining", "0;w=21600")), "auth.docker.io": tokens,
		}, "", `docker.io says that its pull limit is used up: 0 left in 6 hours ("You have reached your unauthenticated pull rate limit. ` +
			`https://www.docker.com/increase-rate-limit"); try again later, or run docker login for a higher limit`, 3},
		{"Docker Hub, export control", "docker.io/team/app:1", map[string]http.HandlerFunc{
			"registry-1.docker.io": status(403, "<html><body><h1>403 Forbidden</h1>\nSince Docker is a US company, we must comply with US export control "+
				"regulations. In an effort to comply with these, we now block all IP addresses that are located in …</body></html>", "Content-Type", "text/html"),
		}, "", `docker.io denied access and answered with a web page ("Since Docker is a US company, we must comply with US export control ` +
			`regulations. In an effort to comply with these, we now block all IP addresses that are located in …"); ` +
			"open docker.io in a browser: a proxy or VPN may require a login", 1},
		{"GitHub, private", "ghcr.io/org/app:1", map[string]http.HandlerFunc{
			"ghcr.io": unless(needsToken("https://ghcr.io/token", denied), denied),
		}, "", "ghcr.io requires a login for org/app:1, or it does not exist; run " + ghcrLogin, 2},
		{"GitHub, a token without access", "ghcr.io/org/app:1", map[string]http.HandlerFunc{
			"ghcr.io": unless(needsToken("https://ghcr.io/token", denied),
				refusedWith(403, "DENIED", "permission_denied: The token provided does not match expected scopes.")),
		}, "me", `ghcr.io denies access to org/app:1 with the login of user "me" in config.json ("permission_denied: The token provided does not ` +
			`match expected scopes"); check the name, or log in with an account that has access: ` + ghcrLogin, 3},
		{"ECR, expired", ecr + "/team/app:1", map[string]http.HandlerFunc{ecr: needsBasic(expired)}, "AWS",
			ecr + ` denies access to team/app:1 with the login of user "AWS" in config.json ` +
				`("Your authorization token has expired. Reauthenticate and try again"); log in again: ` + ecrLogin, 2},
		{"ECR, no login", ecr + "/team/app:1", map[string]http.HandlerFunc{ecr: needsBasic(expired)}, "",
			ecr + " requires a login for team/app:1, or it does not exist; run " + ecrLogin, 1},
		{"ECR, no such repository", ecr + "/nope:1", map[string]http.HandlerFunc{ecr: needsBasic(refusedWith(404, "NAME_UNKNOWN",
			"The repository with name 'nope' does not exist in the registry with id '123456789012'"))}, "AWS",
			ecr + " has no repository nope; check the name", 2},
		{"Artifact Registry, no login", "europe-docker.pkg.dev/proj/repo/app:1", map[string]http.HandlerFunc{
			"europe-docker.pkg.dev": needsToken("https://europe-docker.pkg.dev/v2/token", refusedWith(403, "DENIED", "Unauthenticated request. Unauthenticated "+
				`requests do not have permission "artifactregistry.repositories.downloadArtifacts" on resource `+
				`"projects/proj/locations/europe/repositories/repo" (or it may not exist)`)),
		}, "", `europe-docker.pkg.dev denies access to proj/repo/app:1 without a login ("Unauthenticated request. Unauthenticated requests do not have permission ` +
			`"artifactregistry.repositories.downloadArtifacts" on resource "projects/proj/locations/europe/repositories/repo" (or it may not exist)"); ` +
			"log in with an account that has access: gcloud auth configure-docker europe-docker.pkg.dev", 3},
		{"ACR, expired", "myreg.azurecr.io/app:1", map[string]http.HandlerFunc{
			"myreg.azurecr.io": func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/oauth2/token" {
					refusedWith(401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization for more information.")(w, r)
					return
				}
				needsToken("https://myreg.azurecr.io/oauth2/token", denied)(w, r)
			},
		}, "00000000-0000-0000-0000-000000000000", `myreg.azurecr.io rejected the login of user "00000000-0000-0000-0000-000000000000" in config.json ` +
			`("authentication required, visit https://aka.ms/acr/authorization for more information"); log in again: az acr login --name myreg`, 3},
		{"GitLab, no login", "registry.gitlab.com/group/app:1", map[string]http.HandlerFunc{
			"registry.gitlab.com": needsToken("https://gitlab.com/jwt/auth", denied), "gitlab.com": refusedWith(403, "DENIED", "access forbidden"),
		}, "", "registry.gitlab.com requires a login for group/app:1, or it does not exist; run docker login registry.gitlab.com", 2},
		{"GitLab, wrong password", "registry.gitlab.com/group/app:1", map[string]http.HandlerFunc{
			"registry.gitlab.com": needsToken("https://gitlab.com/jwt/auth", denied), "gitlab.com": refusedWith(401, "UNAUTHORIZED", "HTTP Basic: Access denied. "+
				"If a password was provided for Git authentication, the password was incorrect or you're required to use a token instead of a password."),
		}, "me", `gitlab.com rejected the login of user "me" in config.json ("HTTP Basic: Access denied. If a password was provided for Git ` +
			`authentication, the password was incorrect or you're required to use a token instead of a password"); ` +
			"run docker login registry.gitlab.com again", 3},
		{"Artifactory, Xray", "art.example/docker-local/app:1", map[string]http.HandlerFunc{
			"art.example": needsToken("https://art.example/v2/token", refusedWith(403, "DENIED", "Artifact download request rejected: "+
				"docker-local/app/1/manifest.json was not downloaded due to the download blocking policy configured in Xray for docker-local.")),
		}, "me", `art.example denies access to docker-local/app:1 with the login of user "me" in config.json ("Artifact download request rejected: ` +
			`docker-local/app/1/manifest.json was not downloaded due to the download blocking policy configured in Xray for docker-local"); ` +
			"run docker login art.example with an account that has access", 4},
		{"web page of a login", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(401, "<html><head><title>Sign in</title><style>p{}</style></head></html>", "Content-Type", "text/html"),
		}, "", `reg.example denied access and answered with a web page ("Sign in"); open reg.example in a browser: a proxy or VPN may require a login`, 1},
		{"web page of nginx", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(404, "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>",
				"Content-Type", "text/html"),
		}, "", "reg.example answered with a web page (404 Not Found); check host, port and name: it may not be a registry", 1},
		{"web page of another server", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(404, "<html><title>Page not found &middot; Shop</title><script>x()</script>", "Content-Type", "text/html"),
		}, "", `reg.example answered with a web page (404 Not Found: "Page not found · Shop"); check host, port and name: it may not be a registry`, 1},
		{"firewall that blocks unknown clients", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(403, "<html><body>Request blocked</body></html>", "Content-Type", "text/html"),
		}, "", `reg.example denied access and answered with a web page ("Request blocked"); ` +
			"open reg.example in a browser: a proxy or VPN may require a login", 1},
		{"login page of another host", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(302, "", "Location", "https://login.example/"), "login.example": status(200, "<html>Sign in"),
		}, "", "reg.example redirects to login.example, which answered with a web page; check host and port, or ask the administrator of reg.example", 2},
		{"captive portal", "reg.example/app:1", map[string]http.HandlerFunc{"reg.example": status(200, "<html><title>Welcome</title>")}, "",
			"reg.example is not a registry: it answered with a web page; check host and port", 1},
		{"418", "reg.example/app:1", map[string]http.HandlerFunc{"reg.example": status(418, "the registry is read by appointment")}, "",
			"reg.example refused the request (418 I'm a teapot: the registry is read by appointment); check host, port and reference", 1},
		{"throttling of AWS", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`),
		}, "", "reg.example refused the request (400 Bad Request: Rate exceeded); check host, port and reference", 1},
		{"rate limit of GitHub", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(403, `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`, "Retry-After", "60"),
		}, "", `reg.example reports too many requests ("You have exceeded a secondary rate limit. Please wait a few minutes before you try again"): ` +
			"it asks for a pause of 60 s; try again at HH:MM, or run docker login reg.example for a higher limit", 1},
		{"invalid name", "reg.example/app:1", map[string]http.HandlerFunc{"reg.example": refusedWith(400, "NAME_INVALID", "invalid repository name")}, "",
			"reg.example refused the request (400 Bad Request: NAME_INVALID invalid repository name); check host, port and reference", 1},
		{"404 of Red Hat", "reg.example/app:1", map[string]http.HandlerFunc{"reg.example": refusedWith(404, "UNKNOWN", "Not Found")}, "",
			"reg.example has no tag 1 in app; check the name", 1},
		{"quota", "reg.example/app:1", map[string]http.HandlerFunc{"reg.example": refusedWith(402, "DENIED", "billing quota exceeded")}, "",
			"reg.example refused the request (402 Payment Required: DENIED billing quota exceeded); ask the administrator of reg.example", 1},
		{"203", "reg.example/app:1", map[string]http.HandlerFunc{"reg.example": status(203, "{}")}, "",
			"reg.example answered 203 Non-Authoritative Information; check host, port and reference", 1},
		{"XML of a storage service", "reg.example/app:1", map[string]http.HandlerFunc{
			"reg.example": status(403, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"),
		}, "", `reg.example denies access to app:1 without a login ("AccessDenied Request has expired"); run docker login reg.example with an account that has access`, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := &namedHosts{hosts: tt.hosts}
			r, err := model.ParseRef(tt.image)
			ok(t, err)
			_, err = n.client(t, r.Registry, tt.user).Load(deadline(t), r, nil)
			says(t, err)
			if got := clockTime.ReplaceAllString(err.Error(), "at HH:MM"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if shown := (safe.Gate{}).Clean(err.Error()); shown.String() != err.Error() {
				t.Errorf("shown as %s", shown)
			}
			if n.asked != tt.requests {
				t.Errorf("%d requests, want %d", n.asked, tt.requests)
			}
		})
	}
}

// TestLoad_loginOfAnotherName checks that a login is for the exact name of a registry, as in
// docker, and that the error has that name.
func TestLoad_loginOfAnotherName(t *testing.T) {
	for _, name := range []string{"reg.example:443", "REG.example"} {
		n := &namedHosts{hosts: map[string]http.HandlerFunc{name: needsBasic(status(200, "{}"))}}
		_, err := n.client(t, "reg.example", "me").Load(deadline(t), model.Ref{Registry: name, Repository: "app", Tag: "1"}, nil)
		says(t, err)
		want := name + " requires a login for app:1, or it does not exist; run docker login " + name
		if err.Error() != want || n.asked != 1 {
			t.Errorf("%d requests, %s", n.asked, err)
		}
	}
}

// TestErrorMessage_forms checks the forms of errors that are read, and that their text is cut.
func TestErrorMessage_forms(t *testing.T) {
	long := strings.Repeat("long reason ", 100)
	for body, want := range map[string]string{
		`{"errors":[{"code":"DENIED","message":"no"}]}`:     "DENIED no",
		`{"errors":[],"message":"no"}`:                      "no",
		`{"errors":"x","Message":"no"}`:                     "no",
		`{"error":"invalid_grant","error_description":"x"}`: "x",
		`{"error":"invalid_grant"}`:                         "invalid_grant",
		`{"details":"no"}`:                                  "no",
		`{"error":{"code":1}}`:                              "",
		`{}`:                                                "",
		`{"message`:                                         "",
		`<html>no`:                                          "",
		`<Error><Code>A</Code> B</Error>`:                   "A B",
		"line\nanother":                                     "line",
		long:                                                long[:maxReason] + "…",
	} {
		if got := errorMessage(transport.Response{Status: 403, Body: []byte(body)}); got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}

// TestPageText checks the text of web pages.
func TestPageText(t *testing.T) {
	for page, want := range map[string]string{
		"<title>403 Forbidden</title><h1>403 Forbidden</h1><hr>nginx": "nginx",
		"<title>Forbidden: 403 - Forbidden</title>":                   "",
		"<title>Forbidden City</title>":                               "City",
		"<title>Forbiddenness</title>":                                "Forbiddenness",
		"<!-- a > b --><script>if (a<b) {}</script>a &lt;b&gt;\n c":   "a <b> c",
		"<p":   "<p",
		"":     "",
		"\xff": "",
	} {
		if got := pageText(transport.Response{Status: 403, Body: []byte(page)}); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
}
