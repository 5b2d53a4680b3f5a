package model

import (
	"archive/tar"
	"bytes"
	"testing"
	"time"
)

func TestUnpack_untimed(t *testing.T) {
	base := tar.Header{Name: "a", Mode: 0o644, Uid: 1, ModTime: time.Unix(1, 0)}
	with := func(change func(*tar.Header)) tar.Header { h := base; change(&h); return h }
	archive := func(h tar.Header, content string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h.Size = int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	of := func(raw []byte) Contents {
		c, err := Unpack(raw)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	want := of(archive(base, "x"))
	for name, tt := range map[string]struct {
		h       tar.Header
		content string
		same    bool
		times   bool // the times are the same
	}{
		"another time":       {with(func(h *tar.Header) { h.ModTime = time.Unix(2, 0) }), "x", true, false},
		"a precise time":     {with(func(h *tar.Header) { h.ModTime, h.Format = time.Unix(2, 5), tar.FormatPAX }), "x", true, false},
		"another access":     {with(func(h *tar.Header) { h.AccessTime, h.Format = time.Unix(2, 5), tar.FormatPAX }), "x", true, false},
		"another form":       {with(func(h *tar.Header) { h.Format = tar.FormatGNU }), "x", true, true},
		"other content":      {base, "y", false, true},
		"more content":       {base, "xx", false, true},
		"another mode":       {with(func(h *tar.Header) { h.Mode = 0o755 }), "x", false, true},
		"another owner":      {with(func(h *tar.Header) { h.Uid = 2 }), "x", false, true},
		"another name":       {with(func(h *tar.Header) { h.Name = "b" }), "x", false, true},
		"extended attribute": {with(func(h *tar.Header) { h.PAXRecords = map[string]string{"SCHILY.xattr.user.a": "b"} }), "x", false, true},
	} {
		c := of(archive(tt.h, tt.content))
		if c.Untimed == "" || (c.Untimed == want.Untimed) != tt.same || (c.Times == want.Times) != tt.times || c.DiffID == want.DiffID {
			t.Errorf("%s: %s beside %s", name, c.Untimed, want.Untimed)
		}
	}
	if c := of(archive(base, string(make([]byte, maxUntimed)))); c.Untimed != "" {
		t.Errorf("a large archive: %s", c.Untimed)
	}
	if c := of([]byte{1, 2, 3}); c.Untimed != "" {
		t.Errorf("no archive: %s", c.Untimed)
	}
}
