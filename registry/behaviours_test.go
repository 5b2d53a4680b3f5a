package registry

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// behaviour is a row of the table in docs/registries.md: what a registry does, or how a login is
// stored, and what comes of it.
type behaviour struct {
	does     string
	host     string                      // of the registry, reg.example if empty
	answer   front                       // before the registry itself, nil for none
	others   map[string]http.HandlerFunc // the other hosts
	files    map[string]string           // of the home; HOST is the registry, ~ the home
	env      map[string]string
	read     func(ctx context.Context, c *Client, host string) (what string, err error) // readImage if nil
	want     string                                                                     // "reads the image" if empty
	requests int
}

// readImage reads the image app:a.
func readImage(ctx context.Context, c *Client, host string) (string, error) {
	a, err := c.Load(ctx, model.Ref{Registry: host, Repository: "app", Tag: "a"}, nil)
	if err == nil {
		err = a.Entries[0].Err
	}
	return "reads the image", err
}

// readTwo reads app:a and then other:a.
func readTwo(ctx context.Context, c *Client, host string) (string, error) {
	if _, err := readImage(ctx, c, host); err != nil {
		return "", err
	}
	_, err := c.Load(ctx, model.Ref{Registry: host, Repository: "other", Tag: "a"}, nil)
	return "reads both images", err
}

// readDigest asks for the digest of app:a, as tagdiff watch does.
func readDigest(ctx context.Context, c *Client, host string) (string, error) {
	_, err := c.Head(ctx, model.Ref{Registry: host, Repository: "app", Tag: "a"})
	return "reads the digest", err
}

// readTags lists the tags of app.
func readTags(ctx context.Context, c *Client, host string) (string, error) {
	n := 0
	err := c.Tags(ctx, model.Ref{Registry: host, Repository: "app"}, func(page []string) { n += len(page) })
	return fmt.Sprintf("lists %d tags", n), err
}

// readRepositories lists the repositories.
func readRepositories(ctx context.Context, c *Client, host string) (string, error) {
	var names []string
	err := c.Repositories(ctx, host, func(page []string) { names = append(names, page...) })
	slices.Sort(names) // the registry of the tests has them in any order
	return "lists " + cmp.Or(strings.Join(names, ", "), "none"), err
}

// readRenewed reads app:a, which fails, and again after a new login.
func readRenewed(ctx context.Context, c *Client, host string) (string, error) {
	if _, err := readImage(ctx, c, host); err == nil {
		return "", errors.New("reads the image with the old login")
	}
	text := strings.ReplaceAll(dockerFile("HOST")[".docker/config.json"], "HOST", host)
	if err := os.WriteFile(filepath.Join(os.Getenv("HOME"), ".docker/config.json"), []byte(text), 0o600); err != nil {
		return "", err
	}
	return readImage(ctx, c, host)
}

// basicLogin is the login that the registries of these tests accept, as docker writes it.
var basicLogin = fmt.Sprintf(`{"auth":%q}`, base64.StdEncoding.EncodeToString([]byte("me:secret")))

// dockerFile has a login under a key of docker's file.
func dockerFile(key string) map[string]string {
	return map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{%q:%s}}`, key, basicLogin)}
}

// helperFile has a helper for HOST, with its script.
func helperFile(script string) map[string]string {
	return namedHelper("x", script)
}

// namedHelper has a helper with a name for HOST, with its script.
func namedHelper(name, script string) map[string]string {
	return map[string]string{
		".docker/config.json":           fmt.Sprintf(`{"credHelpers":{"HOST":%q}}`, name),
		"bin/docker-credential-" + name: "#!/bin/sh\n" + script,
	}
}

// requiresBasic requires the login with Basic.
func requiresBasic(w http.ResponseWriter, r *http.Request) bool {
	if user, password, _ := r.BasicAuth(); user == "me" && password == "secret" {
		return false
	}
	status(http.StatusUnauthorized, "", "WWW-Authenticate", `Basic realm="here"`)(w, r)
	return true
}

// requiresToken requires a token, for the login with GET or for an identity token with POST.
func requiresToken(w http.ResponseWriter, r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	switch {
	case r.URL.Path == "/token" && (user == "me" && password == "secret" || r.FormValue("refresh_token") == "identity"):
		status(http.StatusOK, `{"token":"t"}`)(w, r)
	case r.URL.Path == "/token":
		status(http.StatusUnauthorized, "")(w, r)
	case r.Header.Get("Authorization") == "Bearer t":
		return false
	default:
		ask(`Bearer realm="https://`+r.Host+`/token"`)(w, r)
	}
	return true
}

// instead answers all requests.
func instead(h http.HandlerFunc) front {
	return func(w http.ResponseWriter, r *http.Request) bool { h(w, r); return true }
}

// keyed answers requests without one of the keys with refuse. A key is as in accept.
func keyed(refuse http.HandlerFunc, keys ...string) front {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if slices.Contains(keys, keyOf(r)) {
			return false
		}
		refuse(w, r)
		return true
	}
}

// byKeyFront answers some keys in its own way, and is others for all others. A key is as in accept.
func byKeyFront(others front, answers map[string]http.HandlerFunc) front {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if h := answers[keyOf(r)]; h != nil {
			h(w, r)
			return true
		}
		return others(w, r)
	}
}

// headIsMissing answers HEAD with 404.
func headIsMissing(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodHead {
		return false
	}
	w.WriteHeader(http.StatusNotFound)
	return true
}

// hundreds lists 250 tags in pages of 100, each with a link to the next. LAST is its last name.
func hundreds(link string) front {
	all := names(250)
	return instead(func(w http.ResponseWriter, r *http.Request) {
		page := after(all, r.URL.Query().Get("last"), 100)
		if len(page) == 100 && link != "" {
			w.Header().Set("Link", strings.ReplaceAll(link, "LAST", page[99]))
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "app", "tags": page})
	})
}

// severalRealms has a realm for each repository. The service of a realm refuses all others.
func severalRealms(w http.ResponseWriter, r *http.Request) bool {
	repo := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")[0]
	return keyed(ask(`Bearer realm="https://auth.example/`+repo+`"`), "t-"+repo)(w, r)
}

// realmPerRepository is the token service of severalRealms.
func realmPerRepository(w http.ResponseWriter, r *http.Request) {
	repo := strings.TrimPrefix(r.URL.Path, "/")
	if r.FormValue("scope") != "repository:"+repo+":pull" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	tokensFor(map[string]string{"me:secret": "t-" + repo})(w, r)
}

// blobsAt redirects blobs to another address.
func blobsAt(url string) front {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		http.Redirect(w, r, url+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
}

// zot is zot with an anonymous policy for public/** beside a file of htpasswd: /v2/ answers 200
// with a challenge, and who is logged in gets 403 for what does not exist.
func zot(w http.ResponseWriter, r *http.Request) bool {
	user, _, _ := r.BasicAuth()
	public := strings.HasPrefix(r.URL.Path, "/v2/public/")
	challenge := []string{"WWW-Authenticate", `Basic realm="Authorization Required"`}
	switch {
	case r.URL.Path == "/v2/":
		status(http.StatusOK, "{}", challenge...)(w, r)
	case r.URL.Path == "/v2/_catalog" && user == "":
		status(http.StatusOK, `{"repositories":["public/app"]}`)(w, r)
	case r.URL.Path == "/v2/_catalog" || public:
		return false
	case user == "":
		status(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, challenge...)(w, r)
	case !strings.HasPrefix(r.URL.Path, "/v2/app/"):
		status(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`)(w, r)
	default:
		return false
	}
	return true
}

const (
	required    = "HOST requires a login for app:a, or it does not exist; run docker login HOST"
	unusedLogin = `note: HOST did not accept the login of user "me" in FILE, so app:a was read without a login; run docker login HOST again`
	xray        = "Artifact download request rejected: app/a/manifest.json was not downloaded " +
		"due to the download blocking policy configured in Xray for app"
	tokenHTTP = "http://auth.example/token, the token service of HOST, did not issue a token: " +
		"it does not use https although the registry does; ask the administrator of HOST"
	ecr      = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	ecrLogin = "aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin HOST"
	pages    = `</v2/app/tags/list?n=100&last=LAST>; rel="next"`
)

var (
	denied       = refusedWith(403, "DENIED", "requested access to the resource is denied")
	issueGood    = map[string]http.HandlerFunc{"auth.example": tokensFor(map[string]string{"me:secret": "good"})}
	tokenHere    = map[string]http.HandlerFunc{"/token": issueGood["auth.example"]}
	issueAll     = map[string]http.HandlerFunc{"auth.example": tokensFor(map[string]string{"me:secret": "weak", "": "anonymous"})}
	identityFile = map[string]string{".docker/config.json": `{"auths":{"HOST":{"username":"me","identitytoken":"identity"}}}`}
)

// behaviours are the rows of the table.
var behaviours = []behaviour{
	{does: "requires no login", requests: 2},
	{does: "requires a login (Basic): there is one", answer: requiresBasic, files: dockerFile("HOST"), requests: 3},
	{does: "requires a login (Basic): there is none", answer: requiresBasic, want: required, requests: 1},
	{does: "requires a token: there is a login", answer: requiresToken, files: dockerFile("HOST"), requests: 4},
	{does: "requires a token: there is an identity token", answer: requiresToken, requests: 4,
		files: map[string]string{".docker/config.json": `{"auths":{"HOST":{"identitytoken":"identity"}}}`}},
	{does: "zot with an anonymous policy: the image is private, and there is a login", answer: zot, files: dockerFile("HOST"), requests: 3},
	{does: "zot with an anonymous policy: the image is private, and there is no login", answer: zot, want: required, requests: 1},
	{does: "zot with an anonymous policy: its list of repositories, and there is a login", answer: zot, files: dockerFile("HOST"),
		read: readRepositories, want: "lists app, other, public/app", requests: 3},
	{does: "zot with an anonymous policy: its list of repositories, and there is no login", answer: zot,
		read: readRepositories, want: "lists public/app", requests: 1},
	{does: "zot with an anonymous policy: its list of repositories, and the password is wrong", read: readRepositories, requests: 3,
		files:  map[string]string{".docker/config.json": `{"auths":{"HOST":{"username":"me","password":"old"}}}`},
		answer: byKeyFront(zot, map[string]http.HandlerFunc{"me:old": status(401, "")}),
		want: `lists public/app; note: HOST did not accept the login of user "me" in FILE, so its list of repositories was read without a login; ` +
			"run docker login HOST again"},
	{does: "the list of repositories is empty, and there is no login", answer: instead(status(200, `{"repositories":[]}`)),
		read: readRepositories, want: "lists none", requests: 1},

	{does: "the login has expired, and the registry answers 403 (Amazon ECR)", host: ecr, files: dockerFile("HOST"), requests: 2,
		answer: func(w http.ResponseWriter, r *http.Request) bool { needsBasic(status(403, expired))(w, r); return true },
		want: `HOST denies access to app:a with the login of user "me" in FILE ("Your authorization token has expired"); ` +
			"log in again: " + ecrLogin},
	{does: "the login has expired, and the registry answers 403", files: dockerFile("HOST"), requests: 2,
		answer: func(w http.ResponseWriter, r *http.Request) bool { needsBasic(status(403, expired))(w, r); return true },
		want: `HOST denies access to app:a with the login of user "me" in FILE ("Your authorization token has expired"); ` +
			"run docker login HOST with a new password or token"},
	{does: "the login has expired, and is renewed while tagdiff is open", read: readRenewed, requests: 4,
		files:  map[string]string{".docker/config.json": `{"auths":{"HOST":{"username":"me","password":"old"}}}`},
		answer: keyed(byKey(ask(askBasic), map[string]http.HandlerFunc{"me:old": status(403, expired)}), "me:secret")},
	{does: "there is no login (Amazon ECR)", host: ecr, answer: requiresBasic, requests: 1,
		want: "HOST requires a login for app:a, or it does not exist; run " + ecrLogin},
	{does: "an image is blocked (Artifactory with Xray)", files: dockerFile("HOST"), others: issueAll, requests: 5,
		answer: keyed(byKey(ask(askBearer), map[string]http.HandlerFunc{"weak": refusedWith(403, "DENIED", xray), "anonymous": denied})),
		want: `HOST denies access to app:a with the login of user "me" in FILE ("` + xray + `"); ` +
			"run docker login HOST with an account that has access"},
	{does: "403 with a web page", requests: 1,
		answer: instead(status(403, "<html><body>Request blocked</body></html>", "Content-Type", "text/html")),
		want:   `HOST denied access and answered with a web page ("Request blocked"); open HOST in a browser: a proxy or VPN may require a login`},
	{does: "the image is public, and the login has expired (public.ecr.aws)", files: dockerFile("HOST"), others: issueAll, requests: 6,
		answer: keyed(byKey(ask(askBearer), map[string]http.HandlerFunc{"weak": status(403, expired)}), "anonymous"),
		want:   "reads the image; " + unusedLogin},
	{does: "the image is public, and the password is wrong (Docker Hub)", files: dockerFile("HOST"), requests: 5,
		answer: keyed(ask(askBearer), "anonymous"),
		others: map[string]http.HandlerFunc{"auth.example": tokensFor(map[string]string{"": "anonymous"})},
		want:   "reads the image; " + unusedLogin},
	{does: "the pull limit is used up (Docker Hub)", requests: 1,
		answer: instead(refusedWith(429, "TOOMANYREQUESTS", "You have reached your pull rate limit", "Ratelimit-Remaining", "0;w=21600")),
		want: `HOST says that its pull limit is used up: 0 left in 6 hours ("You have reached your pull rate limit"); ` +
			"try again later, or run docker login HOST for a higher limit"},

	{does: "redirects to a registry that issues tokens without a login (lscr.io)", requests: 7,
		answer: func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://behind.example"+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		},
		others: map[string]http.HandlerFunc{"auth.example": tokensFor(map[string]string{"": "anonymous"})}},
	{does: "redirects blobs to http", answer: blobsAt("http://blobs.example"), requests: 2,
		want: "HOST redirects from https to http://blobs.example, which tagdiff does not follow; ask the administrator of the registry"},

	{does: "the realm is the registry with http: a proxy ends TLS (Harbor)", files: dockerFile("HOST"), requests: 4,
		answer: keyed(at(tokenHere, basicToken), "good")},
	{does: "the realm is the registry with http, in capital letters", files: dockerFile("HOST"), requests: 4,
		answer: keyed(at(tokenHere, func(w http.ResponseWriter, r *http.Request) {
			ask(`Bearer realm="HTTP://`+strings.ToUpper(r.Host)+`/token"`)(w, r)
		}), "good")},
	{does: "the realm is another host with http", files: dockerFile("HOST"), answer: instead(ask(`Bearer realm="http://auth.example/token"`)),
		requests: 1, want: tokenHTTP},
	{does: "the realm has no host", files: dockerFile("HOST"), requests: 4,
		answer: keyed(at(tokenHere, ask(`Bearer realm="/token"`)), "good")},
	{does: "each repository has a realm (Artifactory): two images", files: dockerFile("HOST"), answer: severalRealms,
		others: map[string]http.HandlerFunc{"auth.example": realmPerRepository}, read: readTwo, want: "reads both images", requests: 9},
	{does: "the token service answers 403 with a web page: a proxy blocks it", files: dockerFile("HOST"), requests: 3, answer: instead(ask(askBearer)),
		others: map[string]http.HandlerFunc{"auth.example": status(403, "<html>Request blocked", "Content-Type", "text/html")},
		want: `auth.example, the token service of HOST, denied access and answered with a web page ("Request blocked"); ` +
			"open auth.example in a browser: a proxy or VPN may require a login"},
	{does: "the token service redirects to another host", files: dockerFile("HOST"), requests: 5, answer: instead(ask(askBearer)),
		others: map[string]http.HandlerFunc{"auth.example": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/token", http.StatusTemporaryRedirect)
		}, "other.example": status(401, "")},
		want: "auth.example, the token service of HOST, redirects to https://other.example, which gets no login; " +
			"ask the administrator of the registry"},
	{does: "requires a login (Basic) where the token is not enough (Harbor)", files: dockerFile("HOST"), others: issueAll, requests: 5,
		answer: keyed(byKey(ask(askBearer), map[string]http.HandlerFunc{"weak": ask(askBasic)}), "me:secret")},
	{does: "the token service sends two tokens, and the second is right", files: dockerFile("HOST"), requests: 5,
		answer: keyed(ask(askBearer), "second"),
		others: map[string]http.HandlerFunc{"auth.example": status(200, `{"token":"first","access_token":"second"}`)}},
	{does: "requires a token, and its service is below /v2/ (Gitea): there is an identity token", files: identityFile, requests: 4,
		answer: keyed(at(map[string]http.HandlerFunc{"/v2/token": postOnly("identity", "good")},
			ask(`Bearer realm="https://reg.example/v2/token"`)), "good")},
	{does: "requires a token, and its service answers POST with 404: there is an identity token", files: identityFile, requests: 5,
		answer: keyed(ask(askBearer), "good"),
		others: map[string]http.HandlerFunc{"auth.example": getOnly(404, map[string]string{"me:identity": "good"})}},
	{does: "401 without a challenge, which only /v2/ has", files: dockerFile("HOST"), others: issueGood, requests: 5,
		answer: keyed(onlyGreeting(askBearer, status(401, "")), "good")},
	{does: "403 without a challenge, which only /v2/ has (Artifactory)", files: dockerFile("HOST"), requests: 4,
		answer: keyed(onlyGreeting(askBasic, status(403, "")), "me:secret")},
	{does: "404 without a login, and a challenge only for /v2/ (Nexus)", files: dockerFile("HOST"), requests: 4,
		answer: keyed(onlyGreeting(askBasic, status(404, "")), "me:secret")},

	{does: "answers HEAD with 404 and GET with the manifest (Nexus)", answer: headIsMissing,
		read: readDigest, want: "reads the digest", requests: 2},
	{does: "answers HEAD and GET with 404", answer: instead(status(404, "")), read: readDigest,
		want: "HOST has no tag a in app; check the name", requests: 2},
	{does: "a list in pages of 100 with a link to the next", answer: hundreds(pages), read: readTags, want: "lists 250 tags", requests: 3},
	{does: "a link without brackets", answer: hundreds("/v2/app/tags/list?n=100&last=LAST; rel=next"),
		read: readTags, want: "lists 250 tags", requests: 3},
	{does: "a link that cannot be read", answer: hundreds("<:>; rel=next"), read: readTags, requests: 1,
		want: "lists 100 tags, and then: the list of HOST may be incomplete after 100 names: tagdiff cannot read the link to its next page: " +
			"<:>; rel=next; type or paste a reference if the name that you need is missing"},
	{does: "a list in pages of 100 without a link, whatever size was asked for", answer: hundreds(""),
		read: readTags, want: "lists 100 tags", requests: 1},
	{does: "a list that is compressed although that was not asked for", read: readTags, want: "lists 2 tags", requests: 1,
		answer: instead(status(200, gzipped(`{"tags":["1","2"]}`), "Content-Encoding", "gzip"))},
	{does: "digests among the tags (Artifactory)", read: readTags, requests: 1,
		answer: instead(status(200, `{"tags":["1","2","sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]}`)),
		want:   "lists 2 tags; note: 1 digest in the list of tags of HOST/app was left out: it is not a tag"},

	{does: "a login as older versions of docker stored it: the key is a URL with a path", answer: requiresBasic,
		files: dockerFile("https://HOST/artifactory/api/docker"), requests: 3},
	{does: "an old login under a URL beside a new one under the name", answer: requiresBasic, requests: 3,
		files: map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{"https://HOST":{"username":"me","password":"old"},"HOST":%s}}`, basicLogin)}},
	{does: "a login in ~/.dockercfg", answer: requiresBasic, requests: 3,
		files: map[string]string{".dockercfg": fmt.Sprintf(`{"https://HOST/v1/":%s}`, basicLogin)}},
	{does: "a login of podman", answer: requiresBasic, requests: 3,
		files: map[string]string{"run/containers/auth.json": fmt.Sprintf(`{"auths":{"HOST":%s}}`, basicLogin)}},
	{does: "a login of podman for the namespace", answer: requiresBasic, requests: 3,
		files: map[string]string{".config/containers/auth.json": fmt.Sprintf(`{"auths":{"HOST/app":%s,"HOST":{"username":"me","password":"old"}}}`, basicLogin)}},
	{does: "a login in DOCKER_AUTH_CONFIG", answer: requiresBasic, requests: 3,
		env: map[string]string{"DOCKER_AUTH_CONFIG": fmt.Sprintf(`{"auths":{"HOST":%s}}`, basicLogin)}},
	{does: "a helper has the login", answer: requiresBasic, requests: 3, files: helperFile(`echo '{"Username":"me","Secret":"secret"}'`)},
	{does: "the login of the helper of gcloud has no access", host: "europe-docker.pkg.dev", requests: 2,
		answer: func(w http.ResponseWriter, r *http.Request) bool { needsBasic(denied)(w, r); return true },
		files:  namedHelper("gcloud", `echo '{"Username":"_dcgcloud_token","Secret":"other"}'`),
		want: `HOST denies access to app:a with the login of user "_dcgcloud_token" from the credential helper docker-credential-gcloud ` +
			`("requested access to the resource is denied"); ` +
			"run gcloud auth list to see the account, and gcloud auth login to use another"},
	{does: "the helper of Amazon ECR has no login", host: ecr, answer: requiresBasic, requests: 1,
		files: namedHelper("ecr-login", "echo 'credentials not found in native keychain'; exit 1"),
		want: "HOST requires a login for app:a, and the credential helper docker-credential-ecr-login has none; " +
			"run aws sts get-caller-identity to see the AWS account in use; AWS_PROFILE selects another"},
	{does: "the login of a helper is refused", answer: requiresBasic, requests: 2, files: helperFile(`echo '{"Username":"me","Secret":"other"}'`),
		want: `HOST rejected the login of user "me" from the credential helper docker-credential-x for app:a; ` +
			"check the name, or run docker login HOST again (or use the tool of docker-credential-x)"},
	{does: "a helper that fails", answer: requiresBasic, requests: 1,
		files: helperFile("echo 'WARNING: an update is available' >&2; echo 'ERROR: no account is active.' >&2; exit 1"),
		want:  "HOST requires a login, and the credential helper docker-credential-x failed: ERROR: no account is active; try it: echo HOST | docker-credential-x get"},
	{does: "a helper that fails, and a public image", requests: 2, files: helperFile("exit 1")},
	{does: "a helper with an empty name, and a login in the file", answer: requiresBasic, requests: 3,
		files: map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{"HOST":%s},"credHelpers":{"HOST":""},"credsStore":"none"}`, basicLogin)}},
	{does: "a helper with an empty name, and no login", answer: requiresBasic, requests: 1,
		files: map[string]string{".docker/config.json": `{"credHelpers":{"HOST":""}}`},
		want:  "HOST requires a login, and FILE has an empty name for the credential helper of HOST; write its name there, or remove the entry, and log in again"},
	{does: "config.json is not JSON", answer: requiresBasic, requests: 1,
		files: map[string]string{".docker/config.json": "{\n \"auths\": {},\n}"},
		want:  "HOST requires a login, and the logins in FILE cannot be read: it is not JSON (line 3); repair or remove it, and log in again"},
	{does: "config.json is not JSON, and the image is public", requests: 2, files: map[string]string{".docker/config.json": "{"}},
	{does: "a part of config.json has the wrong type", answer: requiresBasic, requests: 3,
		files: map[string]string{".docker/config.json": fmt.Sprintf(`{"auths":{"other.example":"x","HOST":%s},"credHelpers":[]}`, basicLogin)}},
}

// TestBehaviours checks each behaviour: what is read, the note or the error, and the requests.
// It checks that docs/registries.md has the table of them.
func TestBehaviours(t *testing.T) {
	for _, b := range behaviours {
		t.Run(b.does, func(t *testing.T) {
			host, read := cmp.Or(b.host, "reg.example"), b.read
			if read == nil {
				read = readImage
			}
			n, s := registrytest.NewNetwork(t), content(t)
			s.pushImage(t, s.ref("public/app", "a"), image(t, 1))
			n.Handle(t, host, func(w http.ResponseWriter, r *http.Request) {
				if b.answer == nil || !b.answer(w, r) {
					s.real.ServeHTTP(w, r)
				}
			})
			n.Handle(t, "behind.example", accept(s, ask(askBearer), "anonymous"))
			for name, h := range b.others {
				n.Handle(t, name, h)
			}
			files := map[string]string{}
			for path, text := range b.files {
				files[path] = strings.ReplaceAll(text, "HOST", host)
			}
			dir := home(t, files)
			for name, value := range b.env {
				t.Setenv(name, strings.ReplaceAll(value, "HOST", host))
			}
			note := ""
			c := New(Options{CertDirs: []string{n.CertDir}, Warn: func(text string) { note += "; note: " + text }})
			c.transport.Dial = n.Dial
			got, err := read(deadline(t), c, host)
			got += note
			switch {
			case err != nil && strings.HasPrefix(got, "lists ") && !strings.HasPrefix(got, "lists none") && !strings.HasPrefix(got, "lists 0 "):
				got += ", and then: " + err.Error()
			case err != nil:
				got = err.Error()
			}
			got = strings.NewReplacer(filepath.Join(dir, ".docker/config.json"), "FILE", host, "HOST").Replace(got)
			requests := n.Lines()
			if got != cmp.Or(b.want, "reads the image") || len(requests) != b.requests {
				t.Errorf("%d requests %q\ngot  %s\nwant %s", len(requests), requests, got, b.want)
			}
		})
	}
	var table strings.Builder
	table.WriteString("\n\n| behaviour | tagdiff | requests |\n|---|---|---|\n")
	for _, b := range behaviours {
		fmt.Fprintf(&table, "| %s | %s | %d |\n", b.does, strings.ReplaceAll(cmp.Or(b.want, "reads the image"), "|", `\|`), b.requests)
	}
	table.WriteString("\n")
	checkTable(t, filepath.Join("..", "docs", "registries.md"), table.String())
}

// checkTable checks, or writes with -update, the part of a document between the marks.
func checkTable(t *testing.T, path, want string) {
	t.Helper()
	const begin, end = "TestBehaviours -update writes -->", "<!-- end of the table -->"
	raw, err := os.ReadFile(path)
	ok(t, err)
	before, rest, found := strings.Cut(string(raw), begin)
	have, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no marks for the table", path)
	}
	if *update {
		ok(t, os.WriteFile(path, []byte(before+begin+want+end+after), 0o644))
		return
	}
	if d := diff.Diff(have, want); d != "" {
		t.Errorf("%s does not match the tests; go test ./registry -run TestBehaviours -update writes it\n%s", path, d)
	}
}

// TestZot checks zot's list of repositories, which has the public ones only until /v2/ has said
// how to log in, and its answer for what does not exist.
func TestZot(t *testing.T) {
	for name, tt := range map[string]struct {
		login bool
		names string
		first []string // the requests of the first list, and of later ones
		later []string
	}{
		"no login": {false, "public/app", []string{"GET /v2/_catalog?n=1000"}, []string{"GET /v2/_catalog?n=1000"}},
		"a login": {true, "app public/app", []string{"GET /v2/_catalog?n=1000", "GET /v2/", "GET /v2/_catalog?n=1000"},
			[]string{"GET /v2/_catalog?n=1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.pushImage(t, s.ref("app", "a"), image(t, 1))
			s.pushImage(t, s.ref("public/app", "a"), image(t, 1))
			s.setFront(zot)
			c := newClient(t, Options{Warn: func(text string) { t.Errorf("warns %q", text) }})
			if tt.login {
				logIn(t, c, s.host, "me", "secret")
			}
			for _, requests := range [][]string{tt.first, tt.later} {
				s.reset()
				var names []string
				ok(t, c.Repositories(deadline(t), s.host, func(more []string) { names = append(names, more...) }))
				slices.Sort(names) // the registry behind zot has them in any order
				if strings.Join(names, " ") != tt.names || !slices.Equal(s.requests(), requests) {
					t.Errorf("lists %q with %q", names, s.requests())
				}
			}
			s.reset()
			_, err := c.Load(deadline(t), s.ref("public/app", "a"), nil)
			ok(t, err)
			if n := len(s.requests()); n != 2 {
				t.Errorf("%d requests: %q", n, s.requests())
			}
		})
	}
	s := newServer(t)
	s.setFront(zot)
	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	_, err := c.Load(deadline(t), s.ref("none/app", "a"), nil)
	says(t, err, s.host+` denies access to none/app:a with the login of user "me" in config.json ("requested access to the resource is denied")`)
	if n := len(s.requests()); n != 2 {
		t.Errorf("%d requests: %q", n, s.requests())
	}
}
