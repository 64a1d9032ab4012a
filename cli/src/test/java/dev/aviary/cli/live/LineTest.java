package dev.aviary.cli.live;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LineTest {
    @Test
    void whatDoesNotFitIsCutAndColourTakesNoRoom() {
        var line = new Line(8)
                .add("ab")
                .add("cdef", text -> "<" + text + ">")
                .add("ghij")
                .add("k");

        assertThat(line.toString()).isEqualTo("ab<cdef>gh");
    }

    @Test
    void theRightEndIsLeftOutWhereThereIsNoRoomForIt() {
        assertThat(new Line(8).add("ab").right("cd", text -> text).toString()).isEqualTo("ab    cd");
        assertThat(new Line(8).add("abcdef").right("gh", text -> text).toString())
                .isEqualTo("abcdef");
    }

    @Test
    void aBarShowsSomethingOfWhatIsNotNothing() {
        assertThat(Glyphs.ASCII.bar(0, 4)).isEqualTo("....");
        assertThat(Glyphs.ASCII.bar(0.001, 4)).isEqualTo("#...");
        assertThat(Glyphs.ASCII.bar(0.5, 4)).isEqualTo("##..");
        assertThat(Glyphs.ASCII.bar(7, 4)).isEqualTo("####");
    }
}
