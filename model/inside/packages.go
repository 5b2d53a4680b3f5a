package inside

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tagdiff/tagdiff/model/inside/chunks"
	"github.com/tagdiff/tagdiff/model/packages"
)

// packageParser gets the content of a file that says something of packages. The zero value is that of
// other files.
type packageParser struct{ io.WriteCloser }

// beginPackages returns the parser of the file that is being read, by the first bytes of its content.
func (rd *reader) beginPackages(start []byte) packageParser {
	if rd.max.noPackages {
		return packageParser{}
	}
	return packageParser{rd.packages.File(rd.entry.Path, rd.entry.Size, start)}
}

func (p packageParser) write(chunk []byte) {
	if p.WriteCloser != nil {
		_, _ = p.Write(chunk) // parsers return no error
	}
}

func (p packageParser) close() {
	if p.WriteCloser != nil {
		_ = p.Close()
	}
}

// finishPackages completes what the layer says of packages, once its list is complete.
func (rd *reader) finishPackages() { rd.layer.setPackages(&rd.packages) }

// setPackages sets what was found of packages in the files of the layer.
func (l *Layer) setPackages(c *packages.Collector) {
	l.Packages = c.Found()
	for _, text := range c.Left() {
		l.Left = append(slices.Clip(l.Left), Left{LeftPackages, text})
	}
	if !c.HasOwners() {
		return
	}
	exists := func(path string) bool {
		e, ok := l.Files.Find(path)
		return ok && e.Kind != Folder
	}
	before := *l
	l.SetOwners(func(path string) (packages.Owner, bool) {
		if o, ok := c.Owner(path, exists); ok {
			return o, true
		}
		return before.Owner(path)
	})
}

// chunked is where a table of contents says that the files are which may say something of packages.
type chunked struct {
	index  chunks.Index
	files  []chunks.File
	size   int64 // of the layer
	isZstd bool
}

// LeastProgram is the size of the smallest programs that are looked at for Go modules, in bytes: a Go program with the
// list of its modules has more.
const LeastProgram = 256 << 10

// MayHoldPackages reports whether a file is a jar, or an executable file that is large enough for a Go program: only its
// content says whether it holds packages.
func MayHoldPackages(e Entry) bool {
	const executable = 0o111
	return e.Kind == File && (packages.IsJar(e.Path) || e.Size >= LeastProgram && e.Mode&executable != 0)
}

// ErrNoChunks is the kind of the errors of WithPackages that do not come from fetch: the table of contents does not do.
var ErrNoChunks = errors.New("the table of contents")

// HasChunks reports whether WithPackages can be called: the table of contents was read in this run.
func (l *Layer) HasChunks() bool { return l.chunked.size > 0 }

// HasPackagesOf reports whether the layer has the packages that its files list, and those of some programs and jars.
func (l *Layer) HasPackagesOf(programs []string) bool {
	isMissing := func(path string) bool {
		_, found := slices.BinarySearch(l.Opened, path)
		return !found
	}
	return l.How == Full || l.HasRecords && !slices.ContainsFunc(programs, isMissing)
}

// WithPackages returns a layer of a table of contents with the packages that its files list, and those of some programs
// and jars. What it has is not read again. cost is called once with the number of bytes before fetch, which returns
// bytes of the layer. Each content is verified by the hash in the table, which says nothing of the archive.
func (l *Layer) WithPackages(programs []string, cost func(int64) error, fetch func(from, length int64) ([]byte, error)) (*Layer, error) {
	var found packages.Collector
	ranges, err := chunks.Plan(l.filesToOpen(programs, &found), l.chunked.size)
	if err != nil {
		return nil, fmt.Errorf("%w %w", ErrNoChunks, err)
	}
	bytes := chunks.Bytes(ranges)
	if err := cost(bytes); err != nil {
		return nil, err
	}
	open := func(f chunks.File, start []byte) io.WriteCloser { return found.File(f.Path, f.Size, start) }
	for _, r := range ranges {
		var raw []byte
		if r.Length > 0 {
			if raw, err = fetch(r.From, r.Length); err != nil {
				return nil, err
			}
		}
		if err := r.Read(raw, l.chunked.isZstd, open); err != nil {
			return nil, fmt.Errorf("%w %w", ErrNoChunks, err)
		}
	}
	with := *l
	with.Packed += bytes
	with.HasRecords = true
	with.Opened = slices.Compact(slices.Sorted(slices.Values(slices.Concat(l.Opened, programs))))
	with.setPackages(&found)
	with.Packages.Databases = slices.Concat(l.Packages.Databases, with.Packages.Databases)
	return &with, nil
}

// filesToOpen returns the files to read for WithPackages, in the order of the layer. Databases that are too large go to
// found at once, which says that.
func (l *Layer) filesToOpen(programs []string, found *packages.Collector) []chunks.File {
	return slices.DeleteFunc(slices.Clone(l.chunked.files), func(f chunks.File) bool {
		e, ok := l.Files.Find(f.Path)
		if !ok || e.Kind != File || e.Size != f.Size || e.Sum != f.Sum { // a later row replaces it
			return true
		}
		if !packages.IsRecord(f.Path) {
			_, isOpened := slices.BinarySearch(l.Opened, f.Path)
			return isOpened || !slices.Contains(programs, f.Path)
		}
		k, _ := packages.SystemKind(f.Path)
		isTooLarge := k == packages.RPM && f.Size > packages.MaxRPM
		if isTooLarge && !l.HasRecords {
			found.File(f.Path, f.Size, nil)
		}
		return l.HasRecords || isTooLarge
	})
}

// owners says which package owns each entry of a list.
type owners struct {
	all   []packages.Owner
	byRow []uint32 // for each row of the list the position in all and 1, 0 for none; nil if no entry has one
}

// Owner returns the package that owns the entry at a path of this layer, by what the layer itself
// says. Folders have no owner: many packages share them. A path that the layer does not have has none
// either; a layer below may say more.
func (l *Layer) Owner(path string) (packages.Owner, bool) {
	if l.owners.byRow == nil {
		return packages.Owner{}, false
	}
	i, ok := l.Files.t.find(path, entries)
	if !ok || l.owners.byRow[i] == 0 {
		return packages.Owner{}, false
	}
	return l.owners.all[l.owners.byRow[i]-1], true
}

// SetOwners sets the owners of the entries of the layer to what owner returns for their paths. It
// asks for all entries but folders and whiteouts.
func (l *Layer) SetOwners(owner func(path string) (packages.Owner, bool)) {
	l.owners = owners{}
	ids := map[packages.Owner]uint32{}
	for i := range l.Files.Len() {
		switch l.Files.t.attrs[l.Files.t.row(i).attr].kind {
		case Folder, OpaqueFolder, Whiteout:
			continue
		}
		o, ok := owner(l.Files.t.path(i))
		if !ok {
			continue
		}
		id := ids[o]
		if id == 0 {
			l.owners.all = append(l.owners.all, o)
			id = uint32(len(l.owners.all)) //nolint:gosec // MaxEntries limits it
			ids[o] = id
		}
		if l.owners.byRow == nil {
			l.owners.byRow = make([]uint32, l.Files.Len())
		}
		l.owners.byRow[i] = id
	}
}
