package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/programs"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/program"
	"github.com/tagdiff/tagdiff/model/safe"
)

// linkRest is the evidence for what is known of a program that a start needs.
func linkRest(isVerified bool) []Ground {
	if isVerified {
		return on(Hashed)
	}
	return on(Hashed, Structure)
}

// stepAt is the step of a layer of an image, as evidence.
func (s sideOf) stepAt(layer int) []model.Step {
	if layer < 0 || layer >= len(s.programs.steps) {
		return nil
	}
	return []model.Step{*s.programs.steps[layer]}
}

// fileCheck is a shell command that shows what a file in a layer is.
func (s sideOf) fileCheck(layer int, path, show string) safe.Text {
	steps := s.stepAt(layer)
	repo, _, ok := strings.Cut(s.ref, "@")
	if !ok || len(steps) == 0 || steps[0].Layer.Digest.Validate() != nil || path == "" {
		return safe.Text{}
	}
	unpack := "tar -xzO"
	if packing := model.ClaimedPacking(steps[0].Layer.MediaType); packing != "" && packing != "gzip" {
		unpack = "tar --zstd -xO"
	}
	return safe.Clean(fmt.Sprintf("crane blob %s@%s | %s -f - %s | %s", repo, steps[0].Layer.Digest, unpack, shellQuote(path), show))
}

// shellQuote quotes a text for a shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// machineText says for which machine a program is: "a program for amd64 (ELF)".
func machineText(p program.Program) string {
	switch p.Format {
	case program.MachO:
		return "a program for macOS"
	case program.PE:
		return "a program for Windows"
	}
	return "a program for " + p.Machine
}

// foreignBinary (C5): the program that a container starts, or all programs that were seen, are for another
// machine.
func foreignBinary(s sideOf) []Finding {
	p := s.programs
	if p == nil {
		return nil
	}
	next := safe.Sprintf("Build the program for %s (GOARCH, TARGETARCH, --platform), on a base that has this platform, and push again",
		p.Architecture)
	if l, ok := p.foreignLink(); ok {
		return []Finding{s.foreignStart(l, next)}
	}
	seen := p.Seen
	isNative := p.StartMachine() == p.Architecture
	others := seen.All
	if isNative {
		others-- // that program alone may be for the machine
	}
	if seen.Foreign == 0 || seen.Foreign < others || seen.Machine == "" {
		return nil
	}
	f := Finding{
		Severity: 3, Rests: linkRest(seen.Verified), Evidence: stepEvidence(s.side, s.stepAt(seen.Layer)), Next: next,
		Text: safe.Sprintf("In %s, every program that was seen in the image for %s is for %s, as %s. It does not run natively on %s.",
			s.name, p.Platform, seen.Machine, quoted("/"+seen.Path), p.Architecture),
		Lead:  safe.Sprintf("The programs of %s in %s are for %s", p.Platform, s.name, seen.Machine),
		Check: s.fileCheck(seen.Layer, seen.Path, "file -"),
		Proof: []safe.Text{
			safe.Sprintf("%s seen, %d for %s", plural(seen.All, "program"), seen.Foreign, seen.Machine),
			safe.Sprintf("the first is %s", quoted("/"+seen.Path)),
		},
	}
	if isNative {
		f.Severity, f.Lead = 2, safe.Text{}
		f.Text = safe.Sprintf("In %s, %s starts a program for %s, but the other programs that were seen are for %s, as %s.", s.name,
			p.Platform, p.Architecture, seen.Machine, quoted("/"+seen.Path))
		f.Next = safe.Const("Check that the program needs none of the others. Build on a base that has the platform")
	}
	return []Finding{f}
}

// foreignStart is C5 for a program that a container starts.
func (s sideOf) foreignStart(l programs.Link, next safe.Text) Finding {
	p, prog := s.programs, *l.Program()
	f := Finding{
		Severity: 3, Rests: linkRest(l.Verified), Evidence: stepEvidence(s.side, s.stepAt(l.Layer)), Next: next,
		Text: safe.Sprintf("In %s, %s %s %s, %s. On %s, the start fails with \"exec format error\".", s.name, p.Platform, startsText(l),
			quoted("/"+l.Entry.Path), machineText(prog), p.Architecture),
		Lead:  safe.Sprintf("%s of %s starts %s", p.Platform, s.name, machineText(prog)),
		Check: s.fileCheck(l.Layer, l.Entry.Path, "file -"),
		Proof: []safe.Text{safe.Sprintf("%s: %s, machine %s", quoted("/"+l.Entry.Path), prog.Format.String(), orNone(prog.Machine))},
	}
	switch {
	case l.Role == programs.Loader:
		f.Text = safe.Sprintf("In %s, %s starts %s, whose loader %s is %s. On %s, the start fails.", s.name, p.Platform, quoted("/"+l.NeededBy),
			quoted("/"+l.Entry.Path), machineText(prog), p.Architecture)
		f.Lead = safe.Sprintf("%s of %s starts a program whose loader is %s", p.Platform, s.name, machineText(prog))
	case l.Role == programs.Loaded:
		f.Text = safe.Sprintf("In %s, %s starts the loader %s, which loads %s, %s. On %s, the start fails.", s.name, p.Platform,
			quoted("/"+l.NeededBy), quoted("/"+l.Entry.Path), machineText(prog), p.Architecture)
	case l.For == programs.Start && l.Role == programs.Start:
		f.Proof = append(f.Proof, safe.Sprintf("the config starts %s", quoted(l.Name)))
	}
	return f
}

// startsText says what a container does with a program.
func startsText(l programs.Link) string {
	switch l.Role {
	case programs.Interpreter:
		return "starts a script of"
	case programs.Command:
		return "has the command"
	}
	return "starts"
}

// cannotBeRead (H8): the user of the container may not use a file that the start needs.
func cannotBeRead(s sideOf) []Finding {
	if s.programs == nil {
		return nil
	}
	for _, l := range s.programs.Started.Links {
		isNeeded := l.For != programs.Command && l.Role != programs.Loader && l.Sight == inside.There
		if !isNeeded || l.Entry.Kind == inside.File && (l.CanRun() || l.Role == programs.Loaded) {
			continue
		}
		what := "not executable (mode " + octalMode(l.Entry) + ")"
		if l.Entry.Kind != inside.File {
			what = "not a file"
		}
		return []Finding{{
			Severity: 3, Rests: linkRest(l.Verified), Evidence: stepEvidence(s.side, s.stepAt(l.Layer)),
			Text: safe.Sprintf("In %s, %s is to be started and is %s.", s.name, quoted("/"+l.Entry.Path), what),
			Lead: safe.Sprintf("%s in %s is %s", quoted("/"+l.Entry.Path), s.name, what),
			Next: safe.Const("Set the mode: COPY has --chmod, git keeps the bit with git update-index --chmod=+x"),
			Proof: []safe.Text{safe.Sprintf("%s: mode %s, owner %d:%d", quoted("/"+l.Entry.Path), octalMode(l.Entry),
				l.Entry.UID, l.Entry.GID)},
		}}
	}
	if len(s.programs.Started.Refused) > 0 {
		r := s.programs.Started.Refused[0]
		verb, by := "read", ""
		if r.Runs {
			verb = "run"
		}
		if r.Entry.Path != r.Path {
			by = "the folder " + quoted("/"+r.Entry.Path) + " is "
		}
		owner := fmt.Sprintf("%s%s, owner %d:%d", by, octalMode(r.Entry), r.Entry.UID, r.Entry.GID)
		return []Finding{{
			Severity: 3, Rests: linkRest(r.Verified), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
			Text: safe.Sprintf("In %s, user %s%s cannot %s %s (%s).", s.name, s.img.Config.Config.User, numbersText(r.User), verb,
				quoted("/"+r.Path), owner),
			Lead:  safe.Sprintf("User %s of %s cannot %s %s", s.img.Config.Config.User, s.name, verb, quoted("/"+r.Path)),
			Next:  safe.Const("Give the user the file: COPY has --chown and --chmod. A runtime can set another user"),
			Proof: userProof(s.img.Config.Config.User, r),
		}}
	}
	return nil
}

// numbersText says which numbers the files of the image give for the names in a USER: " (10001 in etc/passwd)".
func numbersText(u programs.User) string {
	switch {
	case u.FromPasswd && u.FromGroup:
		return fmt.Sprintf(" (%d:%d in etc/passwd and etc/group)", u.UID, u.GID)
	case u.FromPasswd:
		return fmt.Sprintf(" (%d in etc/passwd)", u.UID)
	case u.FromGroup:
		return fmt.Sprintf(" (group %d in etc/group)", u.GID)
	}
	return ""
}

// userProof is the proof that a user of a container cannot use a file.
func userProof(recorded string, r programs.Refusal) []safe.Text {
	proof := []safe.Text{safe.Sprintf("config.User is %s", quoted(recorded))}
	u := r.User
	switch {
	case u.FromPasswd && u.GroupsKnown:
		groups := fmt.Sprint(u.GID)
		for _, gid := range u.Groups {
			groups += fmt.Sprintf(", %d", gid)
		}
		proof = append(proof, safe.Sprintf("etc/passwd and etc/group: user %d, groups %s", u.UID, groups))
	case u.FromPasswd:
		proof = append(proof, safe.Sprintf("etc/passwd: user %d", u.UID))
	case u.FromGroup:
		proof = append(proof, safe.Sprintf("etc/group: group %d", u.GID))
	}
	return append(proof, safe.Sprintf("%s: mode %s, owner %d:%d", quoted("/"+r.Entry.Path), octalMode(r.Entry), r.Entry.UID, r.Entry.GID))
}

func octalMode(e inside.Entry) string { return fmt.Sprintf("%04o", e.Mode) }

// startMissing (H10): the program that a container starts is not in the image.
func startMissing(s sideOf) []Finding {
	if s.programs == nil || len(s.programs.Started.Links) == 0 {
		return nil
	}
	l := s.programs.Started.Links[0]
	if l.Sight != inside.NotThere {
		return nil
	}
	where, fails := safe.Const("is not in the image"), "no such file or directory"
	switch {
	case l.Loop:
		where, fails = safe.Const("leads to a loop of links"), "too many levels of symbolic links"
	case l.Link.Path != "" && l.Path != "":
		where = safe.Sprintf("leads by links to %s, which is not in the image", quoted("/"+l.Path))
	case !strings.Contains(l.Name, "/"):
		where = safe.Const("is in no folder of PATH")
	}
	return []Finding{{
		Severity: 3, Rests: linkRest(l.Verified), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Text: safe.Sprintf("In %s, the start program %s %s. A container fails with \"%s\".", s.name, quoted(l.Name), where, fails),
		Lead: safe.Sprintf("The start program %s of %s %s", quoted(l.Name), s.name, where),
		Next: safe.Const("Check ENTRYPOINT and CMD against the files (tab Files). A volume or the runtime can bring the program"),
		Proof: []safe.Text{
			safe.Sprintf("the config starts %s", quoted(l.Name)),
			safe.Sprintf("%s searched, links followed", plural(len(s.programs.layers)-l.Lowest, "layer")),
		},
	}}
}

// startCRLF (H11): the first line of a script that is started ends in a carriage return.
func startCRLF(s sideOf) []Finding {
	if s.programs == nil {
		return nil
	}
	links := s.programs.Started.Links
	for i, l := range links {
		if l.For == programs.Command || l.Sight != inside.There || l.Program() == nil || !programs.HasCR(*l.Program()) {
			continue
		}
		needed := slices.IndexFunc(links[i:], hasCR)
		if needed >= 0 && links[i+needed].Sight == inside.There {
			continue // a file has this name
		}
		isMissing := needed >= 0 && links[i+needed].Verified
		line := strings.TrimRight("#!"+l.Program().Interpreter+" "+l.Program().Argument, " ")
		return []Finding{{
			Severity: 3, Rests: linkRest(l.Verified && isMissing), Evidence: stepEvidence(s.side, s.stepAt(l.Layer)),
			Text: safe.Sprintf("In %s, the first line of %s ends in a carriage return (CR LF), which belongs to the name of the interpreter. "+
				"A container fails with \"no such file or directory\".", s.name, quoted("/"+l.Entry.Path)),
			Lead:  safe.Sprintf("%s in %s has line ends of Windows and does not start", quoted("/"+l.Entry.Path), s.name),
			Next:  safe.Const("Write the script with LF line ends: git has eol=lf in .gitattributes, dos2unix converts"),
			Proof: []safe.Text{safe.Sprintf("the first line is %s", fmt.Sprintf("%q", line))},
			Check: s.fileCheck(l.Layer, l.Entry.Path, "head -1 | od -c"),
		}}
	}
	return nil
}

// hasCR reports whether the name of a program that is needed ends in a carriage return.
func hasCR(l programs.Link) bool { return l.NeededBy != "" && strings.HasSuffix(l.Name, "\r") }

// loaderMissing (H12): the loader or the interpreter of what is started is not in the image.
func loaderMissing(s sideOf) []Finding {
	if s.programs == nil {
		return nil
	}
	links := s.programs.Started.Links
	i := slices.IndexFunc(links, func(l programs.Link) bool {
		return l.For != programs.Command && l.NeededBy != "" && l.Sight == inside.NotThere && !hasCR(l) // else H11 says it
	})
	if i < 0 {
		return nil
	}
	l := links[i]
	because, names := "", safe.Sprintf("%s names %s", quoted("/"+l.NeededBy), quoted(l.Name))
	next := safe.Const("Build the program statically or on the same distribution as the base, or add the loader")
	switch {
	case l.Role == programs.Word, l.Role == programs.Loaded:
		names = safe.Sprintf("the command of the image names %s", quoted(l.Name))
		next = safe.Const("Check ENTRYPOINT and CMD against the files (tab Files). A volume or the runtime can bring the program")
	case l.Role != programs.Loader:
		next = safe.Const("Add the interpreter to the image, or name one that is there in the first line of the script")
	case strings.Contains(l.Name, "ld-musl"):
		because = " It is the loader of musl, as Alpine has it: the program was built there."
	case l.Role == programs.Loader:
		because = " It is a loader of glibc, which Alpine does not have, and an image FROM scratch has none."
	}
	return []Finding{{
		Severity: 3, Rests: linkRest(l.Verified), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Text: safe.Sprintf("In %s, %s needs %s, which is not in the image.%s A container fails with \"no such file or directory\".", s.name,
			quoted("/"+l.NeededBy), quoted(l.Name), because),
		Lead: safe.Sprintf("%s in %s needs %s, which is missing", quoted("/"+l.NeededBy), s.name, quoted(l.Name)),
		Next: next,
		Proof: []safe.Text{
			names,
			safe.Sprintf("%s searched, links followed", plural(len(s.programs.layers)-l.Lowest, "layer")),
		},
	}}
}
