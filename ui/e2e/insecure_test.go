package e2e

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestInsecure: a registry with a certificate that cannot be verified, which docker's
// configuration declares insecure, is read, and a note says how: on a screen until the next
// key, in a report on standard error.
func TestInsecure(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(demo.Handler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	host, config := strings.TrimPrefix(server.URL, "https://"), t.TempDir()
	file := filepath.Join(config, "docker", "daemon.json")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, `{"insecure-registries":[%q]}`, host), 0o600); err != nil {
		t.Fatal(err)
	}
	env := "XDG_CONFIG_HOME=" + config
	note := host + " is read without a check of its certificate and without a login: " + file + " declares it insecure"

	cmd := cleanCommand(t.Context(), t, uitest.Build(t), "-o", "text", host+"/shop/image-name:prod", ":20231001.155532z")
	cmd.Env = append(cmd.Env, env)
	got := runCommand(t.Context(), t, cmd)
	if got.code != 0 || got.errors != "tagdiff: warning: "+note+"\n" {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}

	term := uitest.Start(t, uitest.Options{Width: 240, Height: 24, Env: []string{env}}, host+"/shop/image-name:prod")
	term.WaitFor("note: "+note, "node server.js")
	term.Type("down")
	term.WaitGone("note: ")
	term.WaitFor("? help")
}
