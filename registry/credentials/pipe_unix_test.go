//go:build unix

package credentials

import (
	"fmt"
	"os"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestAuthFile_pipe checks that a file of logins may be a pipe.
func TestAuthFile_pipe(t *testing.T) {
	registrytest.Home(t, nil)
	out, in, err := os.Pipe()
	registrytest.OK(t, err)
	defer out.Close()
	t.Setenv("REGISTRY_AUTH_FILE", fmt.Sprintf("/dev/fd/%d", out.Fd()))
	_, err = in.WriteString(`{"auths":{"reg.example":{"username":"a","password":"b"}}}`)
	registrytest.OK(t, err)
	registrytest.OK(t, in.Close())
	if got := NewKeychain().Hosts(); len(got) != 1 || got[0] != "reg.example" {
		t.Errorf("read %q", got)
	}
}
