package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/rand"
	"time"
)

func init() { generators["zones"] = zonesRows }

// zonePeriod is a period of a made-up zone: its clock and its name.
type zonePeriod struct {
	offset int32
	isDST  byte
	name   string
}

// zoneFile is a made-up TZif file.
type zoneFile struct {
	magic   string
	version byte
	times   []int64
	indexes []byte
	periods []zonePeriod
	leaps   int
	marks   int // of standard time and of UTC, one for each of the first periods
	footer  string
}

// bytes spells the file as RFC 8536 has it; of the 32-bit copy in newer files only the header and some ballast.
func (f zoneFile) bytes() []byte {
	var out bytes.Buffer
	if f.version == 0 {
		f.block(&out, 4)
		return out.Bytes()
	}
	ballast := f
	ballast.times, ballast.indexes = []int64{12345}, []byte{0}
	ballast.block(&out, 4)
	f.block(&out, 8)
	out.WriteString(f.footer)
	return out.Bytes()
}

func (f zoneFile) block(out *bytes.Buffer, size int) {
	names := ""
	places := []byte{}
	for _, period := range f.periods {
		places = append(places, byte(len(names)))
		names += period.name + "\x00"
	}
	out.WriteString(f.magic)
	out.WriteByte(f.version)
	out.Write(make([]byte, 15))
	for _, count := range []int{f.marks, f.marks, f.leaps, len(f.times), len(f.periods), len(names)} {
		binary.Write(out, binary.BigEndian, uint32(count))
	}
	for _, at := range f.times {
		if size == 4 {
			binary.Write(out, binary.BigEndian, int32(at))
		} else {
			binary.Write(out, binary.BigEndian, at)
		}
	}
	out.Write(f.indexes)
	for i, period := range f.periods {
		binary.Write(out, binary.BigEndian, period.offset)
		out.Write([]byte{period.isDST, places[i]})
	}
	out.WriteString(names)
	out.Write(make([]byte, f.leaps*(size+4)+2*f.marks))
}

// zoneMoment is what Go knows of an instant in a zone; a bound that is missing is null.
type zoneMoment struct {
	At    int64  `json:"at"`
	Name  string `json:"name"`
	East  int    `json:"east"`
	IsDST bool   `json:"isDST"`
	Start *int64 `json:"start"`
	End   *int64 `json:"end"`
}

// zoneRow is a file and what Go makes of it: moments, or none if it refuses the file.
type zoneRow struct {
	File    string       `json:"file"`
	Moments []zoneMoment `json:"moments"`
}

var zoneFooters = []string{
	"", "\n", "\n\n", "AAA3\n", "\nAAA3", "\nAAA3\n", "\nAAA-3:30\n", "\nAAA+3:30:15\n", "\n<-03>3<-02>,M3.2.0/-2,M11.1.6/26\n", "\nAAA3BBB\n", "\nAAA3BBB2\n", "\nAAA3BBB1:59:58,M3.5.0,M10.5.0/3\n",
	"\nAAA3BBB,J59,J61/0:30\n", "\nAAA3BBB,J60/2,J300/2\n", "\nAAA-3:30BBB-4:15:30,59/2,300/1:00:05\n", "\nAAA3BBB,0/0,J365/23\n", "\nAAA3BBB,J1/0,365/24\n", "\nBBB0AAA,M10.1.0/0,M3.3.0/0\n", "\nAAA-10BBB,M12.5.6,M2.4.3/0\n", "\nAAA3BBB;M4.1.1;M9.4.5\n", "\nAAA3BBB,M3.2.0\n",
	"\nAAA3BBB,M3.2,M4.1.0\n", "\nAAA3BBB,Mx,M4.1.0\n", "\nAAA3BBB,M4.1.0,Jx\n", "\nAAA3BBB,xM4.1.0,M9.1.0\n", "\nAAA3BBB,M4.1.0x,M9.1.0\n", "\nAAA3BBB,M4.1.0,M9.1.0x\n", "\nAA3\n", "\nAAA\n", "\nAAAx\n", "\nAAA25\n", "\nAAA3BB,J60,J300\n", "\n<A>3\n", "\n<AAA3\n", "\nA<B>3\n", "\n3\n", "\nx\nAAA3\n", "\nAAA3\nx", "\nAAA3BBB,M4.1.0/+3,M9.1.0/-3:00:01\n", "\nAAA3BBB,M4.1.0,M4.1.0\n", "\nAAA3x3\n", "\nAAA3BBB,J60/x,J300\n", "\nAAA3BBB,60x,300\n", "\nAAA3BBB,J366,J1\n",
	"\nAAA3BBB,M13.1.0,M3.1.0\n", "\nAAA3BBB,M0.1.0,M3.1.0\n", "\nAAA3BBB,M3.0.0,M9.1.0\n", "\nAAA3BBB,M3.6.0,M9.1.0\n", "\nAAA3BBB,M3.1.7,M9.1.0\n", "\nAAA3BBB,J0,J300\n", "\nAAA3BBB,366,300\n", "\nAAA3BBB,M3.1.0/2/3,M9.1.0\n", "\nAAA3BBB,M3.1.0/,M9.1.0\n", "\nAAA3BBB,M3.1.0/168,M9.1.0/-167\n", "\nAAA3BBB,M3.1.0/169,M9.1.0\n", "\nAAA168\n", "\nAAA169\n", "\nAAA3:59:59\n", "\nAAA3:60\n", "\nAAA3:0:60\n", "\nAAA3BBB169\n", "\nAAA03:05\n", "\nAAA3BBB,M03.1.0,M9.1.0\n", "\nAAA3:\n",
}

func zonesRows() []any {
	rows := []any{}
	random := rand.New(rand.NewSource(23))
	lmt, std, dst := zonePeriod{-12345, 0, "LMT"}, zonePeriod{3600, 0, "STD"}, zonePeriod{7200, 1, "DST"}
	add := func(f zoneFile) {
		rows = append(rows, zoneRowOf(f.bytes(), f.times, random))
	}
	table := zoneFile{"TZif", '2', []int64{-2_000_000_000, 0, 1_000_000, 1_700_000_000}, []byte{1, 2, 1, 2}, []zonePeriod{lmt, std, dst}, 0, 0, "\nSTD-1\n"}
	for _, footer := range zoneFooters {
		f := table
		f.footer = footer
		add(f)
	}
	for _, version := range []byte{0, 1, '1', '2', '3', '4'} {
		for _, leaps := range []int{0, 2} {
			f := table
			f.version, f.leaps, f.marks = version, leaps, leaps
			add(f)
		}
	}
	// What is in force before the first change depends on where the changes lead.
	for _, periods := range [][]zonePeriod{{lmt, std, dst}, {dst, std, lmt}, {dst, dst, std}, {std, dst, dst}, {dst, dst, dst}, {lmt, dst, std}} {
		for _, indexes := range [][]byte{{0, 1, 2, 0}, {1, 0, 2, 1}, {2, 1, 0, 1}, {2, 1, 2, 1}, {1, 2, 1, 2}, {3, 0, 1, 2}, {0, 1, 2, 3}} {
			f := table
			f.periods, f.indexes, f.footer = periods, indexes, "\n\n"
			add(f)
		}
	}
	for _, periods := range [][]zonePeriod{{}, {std}, {dst, std}} {
		f := table
		f.times, f.indexes, f.periods = nil, nil, periods
		add(f)
		f.footer = ""
		add(f)
	}
	f := table
	f.magic = "TZiF"
	add(f)
	whole := table.bytes()
	for _, size := range []int{3, 44, 100, len(whole) - len(table.footer) - 1, len(whole) - len(table.footer), len(whole) - 1} {
		rows = append(rows, zoneRowOf(whole[:size], table.times, random))
	}
	return rows
}

func zoneRowOf(file []byte, times []int64, random *rand.Rand) zoneRow {
	row := zoneRow{base64.StdEncoding.EncodeToString(file), nil}
	zone, err := time.LoadLocationFromTZData("Made/Up", file)
	if err != nil {
		return row
	}
	moments := []int64{-1 << 40, 1 << 33}
	for _, at := range times {
		moments = append(moments, at-1, at, at+1)
	}
	for range 6 {
		moments = append(moments, 1_700_000_000+random.Int63n(3_000_000_000))
	}
	// The last seconds before, and the first after, a change that a rule makes.
	for range 6 {
		start, end := time.Unix(1_800_000_000+random.Int63n(3_000_000_000), 0).In(zone).ZoneBounds()
		if !start.IsZero() && !end.IsZero() {
			moments = append(moments, start.Unix()-1, start.Unix(), end.Unix()-1, end.Unix())
		}
	}
	for _, at := range moments {
		t := time.Unix(at, 0).In(zone)
		name, east := t.Zone()
		start, end := t.ZoneBounds()
		row.Moments = append(row.Moments, zoneMoment{at, b(name), east, t.IsDST(), bound(start), bound(end)})
	}
	return row
}

func bound(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	seconds := t.Unix()
	return &seconds
}
