package registry

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
)

// secrets are what no log, error or message may hold.
var secrets = []string{"hunter22", base64.StdEncoding.EncodeToString([]byte("me:hunter22")), "t-repository:app:pull", "signature", "refresh-me"}

func hasSecret(text string) string {
	for _, s := range secrets {
		if strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s)) {
			return s
		}
	}
	return ""
}

// TestSecrets_neitherLoggedNorReported checks that no secret is in a log or an error.
func TestSecrets_neitherLoggedNorReported(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	closedPort := closed.Addr().String()
	ok(t, closed.Close())
	echo := func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, pass, _ := r.BasicAuth()
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "you sent %s, %s and %v, and %q", r.Header.Get("Authorization"), pass, r.Form, r.Form.Get("refresh_token"))
	}
	repeats := newFaultyServer(t, func(c net.Conn) {
		line, _ := bufio.NewReader(c).ReadString('\n') // GET /x?sig=signature HTTP/1.1
		_, _ = io.WriteString(c, line)
	}).host
	repeatsOnPage := newServer(t)
	repeatsOnPage.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<html>%s: %q, %q", html.EscapeString(r.URL.String()), r.URL.Query(), r.URL.RawQuery)
		return true
	})
	for name, blob := range map[string]http.HandlerFunc{
		"all is well": nil,
		"redirect to a closed port": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+closedPort+"/x?sig=signature", http.StatusTemporaryRedirect)
		},
		"redirect to an invalid host": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://[x]:y/?signature")
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"redirect to another scheme": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "gopher://x/?sig=signature", http.StatusTemporaryRedirect)
		},
		"redirect without end": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?sig=signature", http.StatusTemporaryRedirect)
		},
		"the registry repeats the request": echo,
		"a host that repeats a signature on a web page": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+repeatsOnPage.host+"/x?sig=signature&signature+2", http.StatusTemporaryRedirect)
		},
		"a host that repeats a signature in place of HTTP": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+repeats+"/x?sig=signature", http.StatusTemporaryRedirect)
		},
		"the registry repeats the login in place of HTTP": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, r.Header.Get("Authorization")+"\r\n")
				_ = conn.Close()
			}
		},
	} {
		for login, entry := range map[string]string{"password": `{"username":"me","password":"hunter22"}`, "refresh token": `{"identitytoken":"refresh-me"}`} {
			t.Run(name+", "+login, func(t *testing.T) {
				s := newServer(t)
				s.pushImage(t, s.ref("app", "a"), image(t, 1))
				askToken(s, "me", map[string]string{"password": "hunter22", "refresh token": "refresh-me"}[login])
				protocol := s.front()
				s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
					if protocol(w, r) {
						return true
					}
					if strings.Contains(r.URL.Path, "/blobs/") && blob != nil {
						blob(w, r)
						return true
					}
					return false
				})
				var logged bytes.Buffer
				c := newClient(t, Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
				c.credentials.AddAuthFile("config.json", []byte(`{"auths":{"`+s.host+`":`+entry+`}}`))
				a, err := c.Load(deadline(t), s.ref("app", "a"), nil)
				ok(t, err)
				if err := a.Entries[0].Err; err != nil {
					for e := err; e != nil; e = errors.Unwrap(e) {
						if found := hasSecret(fmt.Sprintf("%s %+v", e, e)); found != "" {
							t.Errorf("%q is in the error %+v", found, e)
						}
					}
				} else if blob != nil {
					t.Error("no error")
				}
				if found := hasSecret(logged.String()); found != "" || logged.Len() == 0 {
					t.Errorf("%q is logged:\n%s", found, &logged)
				}
			})
		}
	}
	// The token service too may repeat what it is asked.
	for login, entry := range map[string]string{"password": `{"username":"me","password":"hunter22"}`, "refresh token": `{"identitytoken":"refresh-me"}`} {
		t.Run("the token service repeats the request, "+login, func(t *testing.T) {
			s := newServer(t)
			askToken(s, "me", "")
			protocol := s.front()
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					w.WriteHeader(http.StatusBadGateway)
					_ = r.ParseForm()
					fmt.Fprintf(w, "%s %s", r.Header.Get("Authorization"), r.Form.Get("refresh_token"))
					return true
				}
				return protocol(w, r)
			})
			c := newClient(t, Options{})
			c.credentials.AddAuthFile("config.json", []byte(`{"auths":{"`+s.host+`":`+entry+`}}`))
			_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, "did not issue a token: 502")
			if found := hasSecret(err.Error()); found != "" {
				t.Errorf("%q is in %v", found, err)
			}
		})
	}
}

// TestWarn_oneLine checks that a warning is one line.
func TestWarn_oneLine(t *testing.T) {
	s := newServer(t)
	for _, body := range []string{
		`{"errors":[{"code":"A\nB","message":"c\r\nd\u2028e\u0085f\u000bg"}]}`, "a\rb\vc\nd", strings.Repeat("x\r", 200),
	} {
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool { status(400, body)(w, r); return true })
		_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
		says(t, err, "refused the request (400")
		if strings.ContainsFunc(err.Error(), safe.IsLineBreak) {
			t.Errorf("%q", err)
		}
	}
}
