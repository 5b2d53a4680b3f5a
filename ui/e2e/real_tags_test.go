package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestRealTags moves tags in real registries while the program shows them.
func TestRealTags(t *testing.T) {
	for _, r := range realRegistries {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			requireInstalled(t, r.program)
			checkTags(t, r.start(t)+"/team/app")
		})
	}
}

func checkTags(t *testing.T, repo string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	point := func(tag string, to v1.Image) {
		t.Helper()
		ref, err := name.NewTag(repo+":"+tag, name.Insecure)
		must(err)
		must(remote.Write(ref, to))
	}
	image := func() (v1.Image, string) {
		i, err := random.Image(200, 2)
		must(err)
		d, err := i.Digest()
		must(err)
		return i, d.String()
	}
	one, digestOne := image()
	two, digestTwo := image()
	for tag, to := range map[string]v1.Image{"1.0.0": one, "1.0": one, "prod": one, "1.1.0": two} {
		point(tag, to)
	}
	pusher, err := remote.NewPusher()
	must(err)
	for i := range 1010 { // more than a page
		ref, err := name.NewTag(fmt.Sprintf("%s:build-%d", repo, i), name.Insecure)
		must(err)
		must(pusher.Push(t.Context(), ref, two))
	}
	home := t.TempDir()

	out := runWithState(t, home, "-o", "text", "--digests", repo).out
	for _, want := range []string{digestOne + "  1.0.0 1.0 prod", digestTwo + "  1.1.0 build-0 build-1 "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%.2000s", want, out)
		}
	}

	term := uitest.Start(t, small, "--recheck", "1s", repo+":1.0.0", ":prod")
	term.WaitFor("Identical")
	watch := startWatch(t, "", repo+":prod")
	watch.expectLine(repo + ":prod is " + digestOne)
	point("prod", two)
	watch.expectLine(repo + ":prod moved " + digestOne + " " + digestTwo)
	term.WaitFor(":prod has moved", "Identical", "M compares")
	term.Type("M")
	term.WaitFor("A :prod then", "B :prod", "Step 1: 1 file changed")

	out = runWithState(t, home, "-o", "text", repo+":prod", ":1.0").out
	if want := ":prod moved: on "; !strings.Contains(out, want) {
		t.Errorf("%q is not in\n%s", want, out)
	}
}
