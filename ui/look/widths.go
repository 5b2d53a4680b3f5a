package look

// WideWidth is the terminal width from which on the two sides are side by side.
const WideWidth = 100

// Widths of columns in cells.
const (
	DigestWidth = 12 // as returned by Short
	SizeWidth   = 8
	SecondWidth = 20 // 12 Jan 2006 15:04:05
	MinuteWidth = 17 // 12 Jan 2006 15:04
	DayWidth    = 11 // 12 Jan 2006
)
