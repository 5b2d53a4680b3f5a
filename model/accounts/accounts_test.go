package accounts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/accounts"
)

func TestFound_passwd(t *testing.T) {
	app := accounts.User{Name: "app", UID: 10001, GID: 50}
	for _, tt := range []struct {
		name, content string
		want          accounts.User
		ok            bool
	}{
		{"a user", "root:x:0:0:root:/root:/bin/sh\napp:x:10001:50::/:/bin/sh\n", app, true},
		{"line ends of Windows, no last end", "\r\napp:x:10001:50::/:/bin/sh\r", app, true},
		{"a broken line of another user", "x:x::\napp:x:10001:50::/:/bin/sh", app, true},
		{"another user", "app2:x:10001:50::/:/bin/sh\n", accounts.User{}, false},
		{"two lines", "app:x:10001:50::/:\napp:x:0:0::/:\n", accounts.User{}, false},
		{"a broken line before it", "app:x:1x:50::/:\napp:x:10001:50::/:\n", accounts.User{}, false},
		{"six fields", "app:x:10001:50::/\n", accounts.User{}, false},
		{"no group", "app:x:10001:::/:/bin/sh\n", accounts.User{}, false},
		{"a negative number", "app:x:-1:50::/:\n", accounts.User{}, false},
		{"a number of more than 31 bits", "app:x:2147483648:50::/:\n", accounts.User{}, false},
		{"too many lines", strings.Repeat("x:x:1:1::/:\n", accounts.MaxLines) + "app:x:10001:50::/:\n", accounts.User{}, false},
		{"too large", "app:x:10001:50::/:\n" + strings.Repeat("\n", accounts.MaxFile), accounts.User{}, false},
	} {
		var f accounts.Found
		f.Read(accounts.PasswdPath, []byte(tt.content), [32]byte{1})
		if got, ok := f.Passwd.Named("app"); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %+v, %t", tt.name, got, ok)
		}
	}
}

func TestFound_group(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          []int // of the user app
		isRead        bool
	}{
		{"groups", "a:x:1:app\nb:x:2:\nc:x:3:x,app,y\n", []int{1, 3}, true},
		{"part of a name", "a:x:1:app2\n", nil, true},
		{"a broken line", "a:x:1:app\nb:x\n", nil, false},
		{"a broken number", "a:x:y:app\n", nil, false},
	} {
		var f accounts.Found
		f.Read(accounts.GroupPath, []byte(tt.content), [32]byte{1})
		if isRead := f.Group.Sum != [32]byte{}; isRead != tt.isRead || !cmp.Equal(f.Group.Of("app"), tt.want) {
			t.Errorf("%s: %+v", tt.name, f.Group)
		}
	}
	var f accounts.Found
	f.Read(accounts.GroupPath, []byte("a:x:1:\nb:x:2:\nb:x:3:\n"), [32]byte{1})
	if g, ok := f.Group.Named("a"); !ok || g.GID != 1 {
		t.Error(g, ok)
	}
	if g, ok := f.Group.Named("b"); ok {
		t.Error("of two groups", g)
	}
	f.Read("app/etc/group", []byte("a:x:9:\n"), [32]byte{2})
	if g, _ := f.Group.Named("a"); g.GID != 1 {
		t.Error("a file elsewhere counts", g)
	}
}

// FuzzFound checks that a user who is found has numbers of accounts, and that both files may be any bytes.
func FuzzFound(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/sh\napp:x:10001:50::/:/bin/sh\n", "web:x:60:app,root\n", "app")
	f.Add("app:x:1x:50::/:\r\n", "web:x::app\n::::", "")
	f.Fuzz(func(t *testing.T, passwd, group, name string) {
		var found accounts.Found
		found.Read(accounts.PasswdPath, []byte(passwd), [32]byte{1})
		found.Read(accounts.GroupPath, []byte(group), [32]byte{2})
		if u, ok := found.Passwd.Named(name); ok && (u.Name != name || u.UID < 0 || u.GID < 0) {
			t.Errorf("%q is %+v", name, u)
		}
		for _, gid := range found.Group.Of(name) {
			if gid < 0 {
				t.Errorf("%q is in group %d", name, gid)
			}
		}
	})
}
