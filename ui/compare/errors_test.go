package compare_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// refusing is a registry that reads no image.
type refusing struct {
	fakereg.Images
	why func(model.Ref) error
}

func (r refusing) Load(_ context.Context, ref model.Ref, _ func(model.Artifact)) (model.Artifact, error) {
	return model.Artifact{}, r.why(ref)
}

// TestErrors_saidOnce checks that a screen says why nothing could be read once, with its next step,
// in each tab and in low and tall windows.
func TestErrors_saidOnce(t *testing.T) {
	denied := func(ref model.Ref) error {
		return &model.ReadError{Message: "reg.example denies access to app" + ref.Short(), Next: "run docker login reg.example", Subject: "app" + ref.Short()}
	}
	down := func(model.Ref) error {
		return &model.ReadError{Message: "reg.example refused the connection", Next: "start the registry"}
	}
	for name, tt := range map[string]struct {
		why  func(model.Ref) error
		refs []string
		say  string
		once []string
	}{
		"both, two names": {denied, []string{"reg.example/app:a", "reg.example/app:b"},
			"reg.example denies access to app:a and app:b; run docker login reg.example", []string{"denies access", "docker login"}},
		"both, one text": {down, []string{"reg.example/app:a", "reg.example/app:b"},
			"oth sides: reg.example refused the connection; start the registry", []string{"refused", "start the registry"}},
		"one image": {denied, []string{"reg.example/app:a"}, "reg.example denies access to app:a", []string{"denies access", "docker login"}},
	} {
		for _, height := range []int{24, 40} {
			d := open(t, refusing{fakereg.Retag(t), tt.why}, 120, height, tt.refs...)
			for _, tab := range []string{"1", "3", "7"} {
				d.Keys(tab)
				d.Sees(tt.say, "not read", "r tries again")
				for _, text := range tt.once {
					if n := strings.Count(d.Screen(), text); n != 1 {
						t.Errorf("%s: tab %s of %d lines says %q %d times:\n%s", name, tab, height, text, n, d.Screen())
					}
				}
			}
		}
	}
}

// TestErrors_ofOneSide checks that every tab says why one side could not be read, beside what is
// known of the other.
func TestErrors_ofOneSide(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:gone")
	for _, tab := range []string{"1", "3"} {
		d.Keys(tab)
		d.Sees("not read", "No comparison", "there is no localhost:5000/app:gone", "check the name", "only A is shown")
	}
}
