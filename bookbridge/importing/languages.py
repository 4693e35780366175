"""Codes of languages with three letters (ISO 639-2, both kinds) and their shorter tags."""

from __future__ import annotations

_WORDS = """
    afr af alb sq sqi sq amh am ara ar arm hy hye hy asm as aze az baq eu eus eu bel be ben bn
    bos bs bul bg bur my mya my cat ca chi zh zho zh cze cs ces cs dan da dut nl nld nl eng en
    epo eo est et fao fo fin fi fre fr fra fr fry fy geo ka kat ka ger de deu de gle ga glg gl
    gre el ell el guj gu hau ha heb he hin hi hrv hr hun hu ibo ig ice is isl is ind id ita it
    jav jv jpn ja kan kn kas ks kaz kk khm km kir ky kor ko kur ku lao lo lat la lav lv lit lt
    ltz lb mac mk mkd mk mal ml mao mi mri mi mar mr may ms msa ms mlt mt mon mn nep ne nob nb
    nno nn nor no ori or pan pa per fa fas fa pol pl por pt pus ps que qu roh rm rum ro ron ro
    rus ru san sa sin si slo sk slk sk slv sl snd sd som so spa es srp sr sun su swa sw swe sv
    tam ta tat tt tel te tgk tg tgl tl tha th tib bo bod bo tuk tk tur tr uig ug ukr uk urd ur
    uzb uz vie vi wel cy cym cy xho xh yid yi yor yo zul zu
"""
_PAIRS = _WORDS.split()

TAGS = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
