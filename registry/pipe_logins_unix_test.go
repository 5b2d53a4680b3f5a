//go:build unix

package registry

import (
	"fmt"
	"os"
	"testing"
)

// Shells give the output of a command as a pipe, which is read.
func TestLoginsMayComeFromAPipe(t *testing.T) {
	home(t, nil)
	out, in, err := os.Pipe()
	ok(t, err)
	defer out.Close()
	t.Setenv("REGISTRY_AUTH_FILE", fmt.Sprintf("/dev/fd/%d", out.Fd()))
	_, err = in.WriteString(`{"auths":{"reg.example":{"username":"a","password":"b"}}}`)
	ok(t, err)
	ok(t, in.Close())
	if got := newKeyring().hosts(); len(got) != 1 || got[0] != "reg.example" {
		t.Errorf("read %q", got)
	}
}
