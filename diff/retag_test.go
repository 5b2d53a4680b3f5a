package diff

import "testing"

func TestRetagIncident(t *testing.T) {
	c := Compare(captured(t, "testing", "schema2"), captured(t, "prod", "schema2"))
	if c.Verdict.Code != Repacked || c.Verdict.Step != 7 || c.Verdict.Trust != Proved {
		t.Errorf("verdict = %+v", c.Verdict)
	}
	if got, want := c.Verdict.Because.String(), "Same files, same settings: image ID a694bf29e765 on both sides"; got != want {
		t.Errorf("because = %q, want %q", got, want)
	}
	if !c.Same(false) || c.Same(true) {
		t.Error("the same image, but not the same bytes")
	}
	for i, r := range c.Pairs[0].Rows {
		want := Same
		switch i {
		case 1, 7:
			want = Settings
		case 6:
			want = BothEmpty
		}
		if r.Class != want || r.Differs() != (i == 6) {
			t.Errorf("step %d is %q, want %q", i+1, r.Class, want)
		}
	}
}

func TestRetagIdentical(t *testing.T) {
	c := Compare(captured(t, "testing", "schema2"), captured(t, "20231001.155532z", "schema2"))
	if c.Verdict.Code != Identical || !c.Same(true) {
		t.Errorf("verdict = %+v", c.Verdict)
	}
}
