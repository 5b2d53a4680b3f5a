package look

import (
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/safe"
)

// PackageVersion is the version of a package, empty for none.
func PackageVersion(p *packages.Package, gate safe.Gate) safe.Text {
	if p == nil {
		return safe.Text{}
	}
	return gate.Clean(p.Version)
}

// PackageMark is the mark of a package that differs in a list.
func (g Glyphs) PackageMark(ch *packagediff.Change) safe.Text {
	switch {
	case ch.Unknown:
		return safe.Const("?")
	case ch.What == packagediff.Added:
		return g.Mark(diff.Added)
	case ch.What == packagediff.Removed:
		return g.Mark(diff.Removed)
	case ch.What == packagediff.Moved:
		return g.Mark(diff.Moved)
	}
	return g.Mark(diff.Substituted)
}

// PackageWhat says in a word what happens to a package: "down", "up", "added".
func PackageWhat(ch *packagediff.Change) safe.Text { return safe.Clean(ch.What.String()) }

// PackageGap says which layer may have a package database that was not read, and what it costs to read it:
// "The deb packages of A are not known. Step 2 may list them (48 MB)"
func PackageGap(g diff.GapLayer) safe.Text {
	known := safe.Sprintf("The %s packages of %s are not known.", safe.Clean(string(g.Kind)), safe.Clean(g.Side.String()))
	if g.Step == nil {
		return safe.Sprintf("%s The layers that may list them cannot be read.", known)
	}
	return safe.Sprintf("%s Step %d may list them (%s)", known, g.Step.Index+1, Size(g.Step.Layer.Size))
}

// PackageProblem says which database was not read to its end, with its side unless it is that of the only image:
// "B: app/x.jar is larger than 32 MiB: its packages are not known".
func PackageProblem(p packagediff.Problem, alone bool, gate safe.Gate) safe.Text {
	text := safe.Sprintf("%s %s: %s", gate.Clean(p.Path), gate.Clean(p.Text), PackageProblemMeans(p))
	if alone {
		return text
	}
	return safe.Sprintf("%s: %s", safe.Clean(p.Side.String()), text)
}

// PackageProblemMeans says what is not known after a problem.
func PackageProblemMeans(p packagediff.Problem) safe.Text {
	if packagediff.IsSystemKind(p.Kind) {
		return safe.Const("other packages may be installed")
	}
	return safe.Const("its packages are not all known")
}

// ListsPackages is a command that lists the packages of a kind in a container of an image, for databases that cannot be
// read here.
func ListsPackages(p packagediff.Problem, gate safe.Gate) safe.Text {
	file := gate.Clean(p.Path)
	switch p.Kind {
	case packages.Deb:
		return safe.Const("dpkg-query -W")
	case packages.Apk:
		return safe.Const("apk info -v")
	case packages.RPM:
		return safe.Const("rpm -qa")
	case packages.Python:
		return safe.Const("pip list")
	case packages.NPM:
		return safe.Const("npm ls")
	case packages.Gem:
		return safe.Const("gem list")
	case packages.Go:
		return safe.Sprintf("go version -m /%s", file)
	case packages.Java:
		return safe.Sprintf("unzip -l /%s", file)
	}
	return safe.Text{}
}
