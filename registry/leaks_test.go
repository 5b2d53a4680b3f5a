package registry

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestSecrets_whoReceivesThem checks which host receives which password, token and identity
// token, and whether in clear. Other clients send more in some of these cases. What goes to an
// address of this machine is in TestRedirect_localRegistry.
func TestSecrets_whoReceivesThem(t *testing.T) {
	s := content(t)
	serve := accept(s, http.NotFound, "", "me:pw", "good", "anonymous")
	redirect := func(part, to string, others http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, part) {
				http.Redirect(w, r, to+r.URL.Path, http.StatusTemporaryRedirect)
				return
			}
			others(w, r)
		}
	}
	basic := func(served http.HandlerFunc) http.HandlerFunc {
		return byKey(ask(askBasic), map[string]http.HandlerFunc{"me:pw": served})
	}
	bearer := func(realm string, served http.HandlerFunc) http.HandlerFunc {
		return byKey(ask(`Bearer realm="`+realm+`",service="here"`), map[string]http.HandlerFunc{"good": served})
	}
	tokens := tokensFor(map[string]string{"": "anonymous", "me:pw": "good"})
	const reg, auth, other = "https://reg.example", "https://auth.example", "https://other.example"
	for name, tt := range map[string]struct {
		hosts map[string]http.HandlerFunc
		login string // "" for the passwords of all hosts
		want  map[string]string
	}{
		"a login": {
			hosts: map[string]http.HandlerFunc{"reg.example": basic(serve)},
			want:  map[string]string{"me:pw": reg},
		},
		"a token service": {
			hosts: map[string]http.HandlerFunc{"reg.example": bearer(auth+"/token", serve), "auth.example": tokens},
			want:  map[string]string{"me:pw": auth, "Bearer good": reg},
		},
		"an http realm of the registry": {
			hosts: map[string]http.HandlerFunc{"reg.example": at(map[string]http.HandlerFunc{"/token": tokens}, bearer("http://reg.example/token", serve))},
			want:  map[string]string{"me:pw": reg, "Bearer good": reg},
		},
		"an http realm of another host": {
			hosts: map[string]http.HandlerFunc{"reg.example": bearer("http://auth.example/token", serve), "auth.example": tokens},
		},
		"a login, blobs at a subdomain": {
			hosts: map[string]http.HandlerFunc{"reg.example": basic(redirect("/blobs/", "https://blobs.reg.example", serve)), "blobs.reg.example": serve},
			want:  map[string]string{"me:pw": reg},
		},
		"a token, blobs at a subdomain": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": bearer(auth+"/token", redirect("/blobs/", "https://blobs.reg.example", serve)), "auth.example": tokens, "blobs.reg.example": serve,
			},
			want: map[string]string{"me:pw": auth, "Bearer good": reg},
		},
		"a token, blobs at another port": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": bearer(auth+"/token", redirect("/blobs/", reg+":8443", serve)), "auth.example": tokens, "reg.example:8443": serve,
			},
			want: map[string]string{"me:pw": auth, "Bearer good": reg},
		},
		"a token, blobs over http": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": bearer(auth+"/token", redirect("/blobs/", "http://reg.example", serve)), "auth.example": tokens,
			},
			want: map[string]string{"me:pw": auth, "Bearer good": reg},
		},
		"a password, the token service redirects": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": bearer(auth+"/token", serve), "auth.example": redirect("/token", other, serve), "other.example": tokens,
			},
			want: map[string]string{"me:pw": auth, "Bearer anonymous": reg},
		},
		"an identity token, the token service redirects": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": bearer(auth+"/token", serve), "auth.example": redirect("/token", other, serve), "other.example": postOnly("idt", "good"),
			},
			login: identityToken("me:"),
			want:  map[string]string{"refresh_token=idt": auth},
		},
		"a login, a host behind a redirect names its realm": {
			hosts: map[string]http.HandlerFunc{
				"reg.example":   basic(redirect("/", other, serve)),
				"other.example": at(map[string]http.HandlerFunc{"/token": tokens}, byKey(ask(`Bearer realm="`+other+`/token"`), map[string]http.HandlerFunc{"anonymous": serve})),
			},
			want: map[string]string{"me:pw": reg, "Bearer anonymous": other},
		},
		"a login, a host behind a redirect asks for Basic": {
			hosts: map[string]http.HandlerFunc{"reg.example": basic(redirect("/", other, serve)), "other.example": basic(serve)},
			want:  map[string]string{"me:pw": reg},
		},
		"a token, a host behind a redirect names the realm of the registry": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": bearer(auth+"/token", redirect("/", other, serve)), "auth.example": tokens, "other.example": ask(askBearer),
			},
			want: map[string]string{"me:pw": auth, "Bearer good": reg},
		},
		"a host behind a redirect names the registry as its realm": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": at(map[string]http.HandlerFunc{"/token": tokens}, redirect("/", other, serve)), "other.example": ask(`Bearer realm="` + reg + `/token"`),
			},
		},
		"a host behind a redirect, which redirects blobs": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": redirect("/", other, serve), "auth.example": tokens, "blobs.example": serve,
				"other.example": byKey(ask(askBearer), map[string]http.HandlerFunc{"anonymous": redirect("/blobs/", "https://blobs.example", serve)}),
			},
			want: map[string]string{"Bearer anonymous": other},
		},
		"a redirect from http to a host behind it": {
			hosts: map[string]http.HandlerFunc{"reg.example": redirect("/", "http://other.example", serve), "other.example": ask(askBearer), "auth.example": tokens},
		},
		"/v2/ redirects to a host that asks for a login": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/v2/" {
						http.Redirect(w, r, other+"/v2/", http.StatusTemporaryRedirect)
						return
					}
					w.WriteHeader(http.StatusForbidden)
				},
				"other.example": basic(serve),
			},
		},
		"another https realm": { // the protocol: a registry names its token service
			hosts: map[string]http.HandlerFunc{"reg.example": bearer(other+"/token", serve), "other.example": tokens},
			want:  map[string]string{"me:pw": other, "Bearer good": reg},
		},
		"a refused login, a public image": {
			hosts: map[string]http.HandlerFunc{
				"reg.example": byKey(ask(askBearer), map[string]http.HandlerFunc{"good": status(403, ""), "anonymous": serve}), "auth.example": tokens,
			},
			want: map[string]string{"me:pw": auth, "Bearer good": reg, "Bearer anonymous": reg},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.login == "" {
				all := []string{"reg.example=me:pw"}
				for _, host := range []string{"auth.example", "other.example", "blobs.example", "blobs.reg.example", "reg.example:8443"} {
					all = append(all, host+"=me:of-"+host)
				}
				tt.login = registrytest.DockerConfig(all...)
			}
			l := newLab(t, Options{}, tt.login)
			for host, h := range tt.hosts {
				l.Handle(t, host, h)
			}
			for range 2 { // the second time with what the first one has found out
				_, _ = l.client.Load(deadline(t), model.Ref{Registry: "reg.example", Repository: "app", Tag: "a"}, nil)
				_ = l.tags(t, "reg.example/other")
			}
			received := map[string]map[string]bool{}
			for _, r := range l.Requests() {
				for _, secret := range r.Secrets {
					if received[secret] == nil {
						received[secret] = map[string]bool{}
					}
					received[secret][r.Scheme+"://"+r.Host] = true
				}
			}
			got := map[string]string{}
			for secret, hosts := range received {
				got[secret] = strings.Join(slices.Sorted(maps.Keys(hosts)), " ")
			}
			if tt.want == nil {
				tt.want = map[string]string{}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("received: %s", d)
			}
		})
	}
}
