package inside

import (
	"crypto/sha256"
	"time"

	"github.com/tagdiff/tagdiff/model/program"
)

// Kind is the type of an entry.
type Kind uint8

// The kinds of entries. Whiteouts delete something of the layers below (OCI image-spec
// layer.md, "Whiteouts").
const (
	File         Kind = iota + 1
	Folder            //
	Symlink           // Link is its target as recorded
	Hardlink          // another name of the file at Link in the same layer or, rarely, in one below
	CharDevice        //
	BlockDevice       //
	Fifo              //
	Whiteout          // deletes Path of the layers below
	OpaqueFolder      // hides everything that the layers below have in the folder Path
	Other             // a type that runtimes do not know
)

// Hash is the SHA-256 of content. The zero value means that the content was not hashed.
type Hash [sha256.Size]byte

// NoContent is the hash of an empty file.
var NoContent = Hash(sha256.Sum256(nil))

// Entry is one entry of the archive of a layer, without its content.
type Entry struct {
	// Path is relative to the root, cleaned, without "./", a slash at either end, or the
	// prefix of a whiteout: "etc/passwd"; "" is the root itself. Its bytes are untrusted.
	Path string
	Kind Kind
	// Mode has the permission bits with setuid, setgid and sticky: the bits of 07777.
	Mode     uint16
	UID, GID int
	// Size is that of the content of a file in bytes; 0 for other kinds.
	Size int64
	// Time is when the content changed, as recorded, in UTC.
	Time time.Time
	// Sum is the hash of the content of a file. It is zero if the content was not read, and
	// for other kinds.
	Sum Hash
	// Normal is the hash of the content without the times that its format records: of gzip, zip
	// up to MaxZip, ar, and Python's .pyc files. It is zero for all other files.
	Normal Hash
	// Link is the target of a Symlink as recorded, or the cleaned path that a Hardlink names.
	Link         string
	Major, Minor int64 // of a device
	Xattrs       []Xattr
	// Implied is set for a folder that the archive does not list. Another entry is in it. It
	// stands right before the first such entry, and is not one of the entries that the archive has.
	// It has no time. Mode and owner are 0755 and root, which docker and podman give it. containerd
	// does too where no older layer has the folder, and else copies the attributes of the older one.
	Implied bool
	// Lent is set in merged lists for a folder that the newest layer implies. The attributes are those
	// of an older layer, as in containerd. docker and podman give it 0755 and root.
	Lent bool
	// Program is what the first bytes of a file say, nil if it is not a program. The value is not
	// changed.
	Program *program.Program
}

// impliedMode is the mode that runtimes give a folder which an archive does not list.
const impliedMode = 0o755

// WithoutLent returns the entry as docker and podman make it: a folder that is lent the attributes of an older layer
// does not have them there.
func (e Entry) WithoutLent() Entry {
	if e.Lent {
		e.Mode, e.UID, e.GID, e.Xattrs = impliedMode, 0, 0, nil
	}
	return e
}

// Xattr is an extended attribute, as security.capability. Value holds its bytes.
type Xattr struct{ Name, Value string }
