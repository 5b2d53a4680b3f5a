package programs

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/model/accounts"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/program"
)

// Refusal is a file that the user of a container cannot use, or a folder on the way to it.
type Refusal struct {
	Path     string       // of the file that is needed
	Runs     bool         // it is needed to run it; else to read it
	Entry    inside.Entry // the file or folder whose mode refuses
	Verified bool         // verified layers alone decide
	User     User
}

// User is the user of a container, by the numbers that the config or the files of the image give.
type User struct {
	UID, GID int
	// FromPasswd is set if etc/passwd gives UID, and FromGroup if etc/group gives GID.
	FromPasswd, FromGroup bool
	// Groups are further groups of the user. GroupsKnown is set if they are all that the user has, and GID is known.
	Groups      []int
	GroupsKnown bool
}

// user is the user of a container with what is known of it.
type user struct {
	User
	verified bool // verified layers alone give what the image says of the user
}

// user reads the USER of the config: false for root, and for a name that the image does not explain for certain.
func (f *finder) user() (user, bool) {
	name, group, _ := strings.Cut(f.config.User, ":")
	u := user{verified: true}
	if uid, err := strconv.Atoi(name); err == nil {
		u.UID = uid
	} else if !f.setNamed(&u, name) {
		return user{}, false
	}
	if u.UID <= 0 {
		return user{}, false
	}
	if group != "" {
		f.setGroup(&u, group)
	}
	return u, true
}

// setNamed sets the numbers of the user of a name. It reports false if they are not known.
func (f *finder) setNamed(u *user, name string) bool {
	found, sum, verified := f.accountsAt(accounts.PasswdPath)
	known, ok := found.Passwd.Named(name)
	if !ok || found.Passwd.Sum != sum {
		return false
	}
	u.UID, u.GID, u.FromPasswd, u.verified = known.UID, known.GID, true, verified
	if groups, verified, ok := f.groupFile(); ok {
		u.Groups, u.GroupsKnown, u.verified = groups.Of(name), true, u.verified && verified
	}
	return true
}

// setGroup sets the group that the config names after a colon.
func (f *finder) setGroup(u *user, group string) {
	primary := u.GID
	if gid, err := strconv.Atoi(group); err == nil {
		u.GID, u.GroupsKnown = gid, u.GroupsKnown || !u.FromPasswd
	} else {
		groups, verified, _ := f.groupFile()
		named, ok := groups.Named(group)
		if !ok {
			u.GroupsKnown = false
			return
		}
		u.GID, u.FromGroup, u.GroupsKnown, u.verified = named.GID, true, true, u.verified && verified
	}
	if u.FromPasswd { // runtimes leave out the primary group, and some of them the others
		u.Groups = append(u.Groups, primary)
	}
}

// groupFile returns what etc/group says in a container, whether verified layers alone decide that, and whether it
// is known.
func (f *finder) groupFile() (groups accounts.GroupFile, verified, known bool) {
	found, sum, verified := f.accountsAt(accounts.GroupPath)
	if found.Group.Sum != sum || sum == (inside.Hash{}) {
		return accounts.GroupFile{}, false, false
	}
	return found.Group, verified, true
}

// accountsAt returns what the layer says of users and groups that has the file which a container sees at a path,
// and the hash of that file. It returns zeros if the file is not known for certain, or is behind a link.
func (f *finder) accountsAt(path string) (found accounts.Found, sum inside.Hash, verified bool) {
	at := f.stack.Find(path)
	if at.Sight != inside.There || at.Unclear || at.Entry.Kind != inside.File || at.Link.Path != "" || f.isMounted("/"+path) {
		return accounts.Found{}, inside.Hash{}, false
	}
	return f.layers[at.Layer].List.Accounts, at.Entry.Sum, f.isVerified(at.Lowest)
}

// The bits of a mode for one class of users.
const (
	canRead    = 4
	canExecute = 1
)

// has reports whether the mode of an entry gives a user a bit, or whether that is not known. Access control
// lists can give more, and groups that are not known.
func (u user) has(e inside.Entry, bit uint16) bool {
	if e.Implied || slices.ContainsFunc(e.Xattrs, func(x inside.Xattr) bool { return strings.HasPrefix(x.Name, "system.posix_acl") }) {
		return true
	}
	owner, group, other := e.Mode>>6&bit != 0, e.Mode>>3&bit != 0, e.Mode&bit != 0
	switch {
	case e.UID == u.UID:
		return owner
	case u.GroupsKnown && e.GID == u.GID:
		return group
	case !u.GroupsKnown, slices.Contains(u.Groups, e.GID):
		return group || other
	}
	return other
}

// refusals finds the files that a start needs and that the user of the container cannot use.
func (f *finder) refusals() []Refusal {
	u, ok := f.user()
	if !ok {
		return nil
	}
	var found []Refusal
	add := func(l Link, bit uint16) {
		if r, ok := f.refusal(u, l, bit); ok {
			found = append(found, r)
		}
	}
	for _, l := range f.links {
		if l.For != Start || l.Role == Loader || l.Sight != inside.There || l.Entry.Kind != inside.File {
			continue
		}
		if l.Role == Loaded { // a loader reads it, and needs no other mode
			add(l, canRead)
			continue
		}
		if !l.CanRun() {
			continue
		}
		add(l, canExecute)
		if p := l.Program(); p != nil && p.Format == program.Script {
			add(l, canRead)
		}
	}
	for _, word := range slices.Concat(f.config.Entrypoint, f.config.Cmd) {
		if len(f.links) > 0 && word == f.links[0].Name || !isFileName(word) {
			continue
		}
		if l := f.findAt(Command, word, ""); l.Sight == inside.There && l.Entry.Kind == inside.File {
			add(l, canRead)
		}
	}
	return found
}

// isFileName reports whether a word of a command is likely the path of a file, as app/server.py.
func isFileName(word string) bool {
	return isWord(word) && (strings.Contains(word, "/") || path.Ext(word) != "")
}

// refusal returns what keeps a user from a file.
func (f *finder) refusal(u user, l Link, bit uint16) (Refusal, bool) {
	r := Refusal{Path: l.Entry.Path, Runs: bit == canExecute, Entry: l.Entry, Verified: l.Verified && u.verified, User: u.User}
	for folder := parentOf(l.Entry.Path); folder != ""; folder = parentOf(folder) {
		at := f.stack.Find(folder)
		if at.Sight == inside.There && at.Entry.Kind == inside.Folder && !u.has(at.Entry, canExecute) {
			r.Entry, r.Verified = at.Entry, r.Verified && f.isVerified(at.Lowest)
			return r, true
		}
	}
	return r, !u.has(l.Entry, bit)
}

func parentOf(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return ""
}
