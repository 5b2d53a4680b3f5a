// Package accounts reads the users and groups of an image from its files etc/passwd and etc/group.
package accounts

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// The limits of a file. Nothing is kept of a file that exceeds one.
const (
	MaxFile  = 64 << 10 // bytes
	MaxLines = 1000
)

// The paths of the two files in an image.
const (
	PasswdPath = "etc/passwd"
	GroupPath  = "etc/group"
)

// Found is what the two files of a layer say.
type Found struct {
	Passwd Passwd
	Group  GroupFile
}

// Passwd is what a file etc/passwd says.
type Passwd struct {
	Sum   [32]byte // SHA-256 of the file, 0 if nothing was read
	Users []User
}

// User is a line of etc/passwd. GID is the primary group.
type User struct {
	Name     string
	UID, GID int
}

// GroupFile is what a file etc/group says.
type GroupFile struct {
	Sum    [32]byte // SHA-256 of the file, 0 if nothing was read
	Groups []Group
}

// Group is a line of etc/group. Members are names of users that have it besides their primary group.
type Group struct {
	Name    string
	GID     int
	Members []string
}

// Read adds what a file at a path of a layer says, in place of what an earlier file there said. sum is the SHA-256
// of its content. Other paths and files that exceed a limit add nothing.
func (f *Found) Read(path string, content []byte, sum [32]byte) {
	if path != PasswdPath && path != GroupPath || len(content) > MaxFile {
		return
	}
	var lines []string
	for line := range strings.SplitSeq(string(content), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if lines = append(lines, line); len(lines) > MaxLines {
			return
		}
	}
	if path == PasswdPath {
		f.Passwd = Passwd{sum, usersOf(lines)}
	} else if groups, ok := groupsOf(lines); ok {
		f.Group = GroupFile{sum, groups}
	}
}

// usersOf returns the users of the lines of etc/passwd. Runtimes read a broken line in different ways: a name
// that has one is left out.
func usersOf(lines []string) []User {
	const fields = 7
	var users []User
	broken := map[string]bool{}
	for _, line := range lines {
		part := strings.Split(line, ":")
		uid, hasUID := numberAt(part, 2)
		gid, hasGID := numberAt(part, 3)
		if len(part) != fields || part[0] == "" || !hasUID || !hasGID {
			broken[part[0]] = true
			continue
		}
		users = append(users, User{part[0], uid, gid})
	}
	return slices.DeleteFunc(users, func(u User) bool { return broken[u.Name] })
}

// groupsOf returns the groups of the lines of etc/group. It reports false if a line is broken: it may name any
// user.
func groupsOf(lines []string) (groups []Group, ok bool) {
	const fields = 4
	for _, line := range lines {
		part := strings.Split(line, ":")
		gid, hasGID := numberAt(part, 2)
		if len(part) != fields || part[0] == "" || !hasGID {
			return nil, false
		}
		g := Group{Name: part[0], GID: gid}
		for member := range strings.SplitSeq(part[3], ",") {
			if member != "" {
				g.Members = append(g.Members, member)
			}
		}
		groups = append(groups, g)
	}
	return groups, true
}

// numberAt returns the number of a user or group in a field of a line.
func numberAt(fields []string, i int) (int, bool) {
	if i >= len(fields) {
		return 0, false
	}
	n, err := strconv.Atoi(fields[i])
	return n, err == nil && n >= 0 && n <= math.MaxInt32
}

// Named returns the user of a name. It reports false for none, and for several, of which programs take different
// ones.
func (p Passwd) Named(name string) (User, bool) {
	return only(p.Users, func(u User) bool { return u.Name == name })
}

// Named returns the group of a name. It reports false for none and for several.
func (f GroupFile) Named(name string) (Group, bool) {
	return only(f.Groups, func(g Group) bool { return g.Name == name })
}

// Of returns the numbers of the groups that list a user as a member.
func (f GroupFile) Of(user string) []int {
	var all []int
	for _, g := range f.Groups {
		if slices.Contains(g.Members, user) {
			all = append(all, g.GID)
		}
	}
	return all
}

// only returns the one element that is wanted, and reports false for none and for several.
func only[T any](all []T, wanted func(T) bool) (one T, ok bool) {
	for _, t := range all {
		if !wanted(t) {
			continue
		}
		if ok {
			var none T
			return none, false
		}
		one, ok = t, true
	}
	return one, ok
}
