package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// pages follows the links of a list to its end.
func pages(t *testing.T, path, key string) (all []string, requests int) {
	t.Helper()
	next := regexp.MustCompile(`^<([^>]+)>; rel="next"$`)
	for path != "" {
		r := get(t, path)
		requests++
		if r.Code != http.StatusOK || r.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Fatalf("%s: status %d, %s", path, r.Code, r.Header().Get("Content-Type"))
		}
		var list map[string]json.RawMessage
		if err := json.Unmarshal(r.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		var part []string
		if err := json.Unmarshal(list[key], &part); err != nil || part == nil {
			t.Fatalf("%s: %s, %v", path, list[key], err)
		}
		all, path = append(all, part...), ""
		if m := next.FindStringSubmatch(r.Header().Get("Link")); m != nil {
			path = m[1]
		}
	}
	return all, requests
}

func TestPages(t *testing.T) {
	for _, c := range []struct {
		path, key      string
		names, request int
	}{
		{"/v2/_catalog", "repositories", 18, 1},
		{"/v2/_catalog?n=5", "repositories", 18, 4},
		{"/v2/_catalog?n=6", "repositories", 18, 3},
		{"/v2/_catalog?n=0", "repositories", 0, 1},
		{"/v2/_catalog?n=9223372036854775807&last=shop", "repositories", 8, 1},
		{"/v2/_catalog?last=zzz", "repositories", 0, 1},
		{"/v2/team/many/tags/list", "tags", 1500, 1},
		{"/v2/team/many/tags/list?n=100", "tags", 1500, 15},
		{"/v2/team/many/tags/list?n=999", "tags", 1500, 2},
		{"/v2/shop/image-name/tags/list?n=100&last=20231001.155532z", "tags", 4, 1},
	} {
		names, requests := pages(t, c.path, c.key)
		if len(names) != c.names || requests != c.request {
			t.Errorf("%s: %d names in %d requests, want %d in %d", c.path, len(names), requests, c.names, c.request)
		}
		if !slices.IsSorted(names) || len(slices.Compact(names)) != len(names) {
			t.Errorf("%s: not in order, or twice", c.path)
		}
	}
}

// TestFront_refusals checks the error responses of the demo registry.
func TestFront_refusals(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{http.MethodPut, "/v2/shop/api/manifests/latest", 405, "UNSUPPORTED"},
		{http.MethodPost, "/v2/shop/api/blobs/uploads/", 405, "UNSUPPORTED"},
		{http.MethodPatch, "/v2/shop/api/blobs/uploads/1", 405, "UNSUPPORTED"},
		{http.MethodDelete, "/v2/shop/api/manifests/latest", 405, "UNSUPPORTED"},
		{http.MethodGet, "/v2/_catalog?n=-1", 400, "PAGINATION_NUMBER_INVALID"},
		{http.MethodGet, "/v2/_catalog?n=many", 400, "PAGINATION_NUMBER_INVALID"},
		{http.MethodGet, "/v2/no/such/tags/list", 404, "NAME_UNKNOWN"},
		{http.MethodGet, "/v2/no/such/manifests/latest", 404, "NAME_UNKNOWN"},
		{http.MethodGet, "/v2/no/such/referrers/latest", 404, "NAME_UNKNOWN"},
		{http.MethodGet, "/v2/shop/api/tags/all", 404, "UNSUPPORTED"},
		{http.MethodGet, "/v1/search", 404, "UNSUPPORTED"},
		{http.MethodGet, "/v2/shop/api/manifests/none", 404, "MANIFEST_UNKNOWN"},
		{http.MethodGet, "/v2/shop/api/blobs/sha256:" + model.EmptyTar.Encoded(), 404, "BLOB_UNKNOWN"},
		{http.MethodGet, "/v2/no/such/blobs/" + model.EmptyGzipGo18.String(), 404, "NAME_UNKNOWN"},
	} {
		r := do(t, c.method, c.path)
		var answer struct {
			Errors []struct{ Code, Message string }
		}
		if err := json.Unmarshal(r.Body.Bytes(), &answer); err != nil || len(answer.Errors) != 1 {
			t.Errorf("%s %s: %v", c.method, c.path, err)
			continue
		}
		if r.Code != c.status || answer.Errors[0].Code != c.code || r.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s %s: status %d, %s, %s", c.method, c.path, r.Code, answer.Errors[0].Code, r.Header().Get("Content-Type"))
		}
	}
}

func TestRanges(t *testing.T) {
	path := "/v2/shop/image-name/blobs/" + model.EmptyGzipGo18.String()
	for want, part := range map[string]string{"bytes=0-9": "bytes 0-9/32", "bytes=24-": "bytes 24-31/32", "bytes=-8": "bytes 24-31/32", "bytes=30-99": "bytes 30-31/32"} {
		r := get(t, path, "Range", want)
		if r.Code != http.StatusPartialContent || r.Header().Get("Content-Range") != part {
			t.Errorf("%s: status %d, %s", want, r.Code, r.Header().Get("Content-Range"))
		}
	}
	if r := get(t, path, "Range", "bytes=32-"); r.Code != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("beyond the end: status %d", r.Code)
	}
}

func TestHead(t *testing.T) {
	for _, path := range []string{"/v2/shop/image-name/manifests/prod", "/v2/shop/image-name/blobs/" + model.EmptyGzipGo18.String()} {
		head, full := do(t, http.MethodHead, path), get(t, path)
		n := full.Body.Len()
		if head.Code != http.StatusOK || head.Header().Get("Content-Length") != strconv.Itoa(n) || head.Body.Len() != 0 {
			t.Errorf("%s: status %d, length %s, want %d", path, head.Code, head.Header().Get("Content-Length"), n)
		}
		if d := head.Header().Get("Docker-Content-Digest"); d == "" || d != full.Header().Get("Docker-Content-Digest") {
			t.Errorf("%s: digest %q", path, d)
		}
	}
}

// TestStart serves over a socket, only on this machine, until it is closed.
func TestStart(t *testing.T) {
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^127\.0\.0\.1:\d+$`).MatchString(s.Host()) {
		t.Errorf("served at %s", s.Host())
	}
	r, err := http.Get("http://" + s.Host() + "/v2/")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Error(r.Status)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error("second close:", err)
	}
	if r, err := http.Get("http://" + s.Host() + "/v2/"); err == nil {
		_ = r.Body.Close()
		t.Error("still served after Close")
	}
}
