package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// TestLoad_missingParts checks that the error of a missing config or image says of which
// image it is a part.
func TestLoad_missingParts(t *testing.T) {
	f := newDocumentServer(t)
	lost := f.config(1, "lost")
	image := f.image(t, lost, "image")
	delete(f.documents, lost.Digest.String())
	whole := f.image(t, f.config(1, "whole"))
	gone := f.image(t, f.config(1, "gone"))
	delete(f.documents, gone.Digest.String())
	for d, arch := range map[*v1.Descriptor]string{&image: "amd64", &whole: "arm64", &gone: "s390x"} {
		d.Platform = &v1.Platform{OS: "linux", Architecture: arch}
	}
	unnamed := gone
	unnamed.Platform = nil
	inner := f.index(t, []v1.Descriptor{whole})
	delete(f.documents, inner.Digest.String())
	f.index(t, []v1.Descriptor{image, whole, gone, unnamed, inner}, "index")
	short := func(d v1.Descriptor) string { return " (" + model.ShortDigest(d.Digest) + ") of app:" }
	for tag, want := range map[string][]string{
		"image": {"the config" + short(lost) + "image is missing in "},
		"index": {
			"the config (" + model.ShortDigest(lost.Digest) + ") of the linux/amd64 image of app:index is missing in ", "",
			"the linux/s390x image" + short(gone) + "index is missing in ", "the image" + short(gone) + "index is missing in ",
			"the index" + short(inner) + "index is missing in ",
		},
	} {
		a, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", tag), nil)
		ok(t, err)
		for i, say := range want {
			switch e := a.Entries[i]; {
			case say == "" && e.Err != nil:
				t.Error(e.Err)
			case say != "":
				says(t, e.Err, say+f.host+"; push the image again")
				if blob := lostBlob(e.Err); (blob == lost.Digest) != strings.Contains(say, "config") || model.IsMissing(e.Err) == (blob != "") {
					t.Errorf("%q has the missing blob %q", e.Err, blob)
				}
			}
		}
	}
}

func lostBlob(err error) digest.Digest {
	if t, ok := errors.AsType[*model.ReadError](err); ok {
		return t.MissingBlob
	}
	return ""
}

// TestLists_invalid checks that the error of a list that cannot be used does not advise a
// push.
func TestLists_invalid(t *testing.T) {
	for body, say := range map[string]string{
		`{"tags":["a"`:             "it ends too early",
		"it works":                 "it is not JSON",
		`[]`:                       "it is a JSON array",
		`{"tags":1}`:               `its "tags" is a number`,
		`{"tags":null}`:            "",
		`{"tags":["a"]}`:           "",
		`{"repositories":1}`:       `its "repositories" is a number`,
		`{"repositories":["app"]}`: "",
	} {
		s := newServer(t)
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			status(http.StatusOK, body, "Content-Type", "application/json")(w, r)
			return true
		})
		c, err, list := newClient(t, Options{}), error(nil), "list of tags: "
		if strings.Contains(body, "repositories") {
			list = "list of repositories: "
			err = c.Repositories(deadline(t), s.host, func([]string) {})
		} else {
			err = c.Tags(deadline(t), s.ref("app", ""), func([]string) {})
		}
		if say == "" {
			ok(t, err)
			continue
		}
		says(t, err, s.host+" sent an invalid "+list+say, "; ask the administrator of "+s.host)
		isShort(t, err)
		if strings.Contains(err.Error(), "push") {
			t.Errorf("%s advises a push", err)
		}
	}
}
