"""Seeds for writers of narratives: seeds.py SEED PREFIX N_FILES N_EACH OUT_DIR, from vocab/needs.tsv."""
import pathlib,random,sys
rng=random.Random(int(sys.argv[1])); prefix=sys.argv[2]; files=int(sys.argv[3]); per=int(sys.argv[4])
table=pathlib.Path(__file__).resolve().parents[2]/'vocab'/'needs.tsv'
needs=[l.split('\t') for l in table.read_text(encoding='utf8').splitlines()[1:]]
name={n[0]:n[2] for n in needs}; ids=[n[0] for n in needs]
out_dir=pathlib.Path(sys.argv[5])
# needs met often in practice are drawn more often; every need is drawn at least as often as the round robin allows
common='N002 N034 N131 N081 N087 N020 N009 N010 N111 N112 N032 N033 N050 N056 N046 N095 N103 N104 N105 N053 N120 N023 N024 N018 N008 N004 N006 N134 N039 N135 N036 N035 N068 N066 N070 N065 N078 N133 N082 N096 N100 N102 N132 N124 N114 N118 N128 N003 N001 N030 N031 N085'.split()
kinds=['first interview','follow-up note','phone call from the person','phone call or e-mail from school, hospital, police or landlord','home visit','unplanned visit at closing time','coordination meeting notes','hurried telegraphic note','careful narrative note','list with hyphens or headings','copied e-mail with comment','closing note']
rr=ids[:]; rng.shuffle(rr); k=0; n=0
for f in range(files):
    out=[]
    for i in range(per):
        n+=1
        lang=rng.choices(['ca','es','mixed'],[42,38,20])[0]
        L=rng.choices([(25,60),(60,180),(180,350),(350,800)],[30,40,25,5])[0]; w=rng.randint(*L)
        m=1 if w<60 else rng.randint(1,3) if w<180 else rng.randint(2,6)
        if rng.random()<.1: m=0
        pres=[]
        if m:
            pres.append(rr[k%len(rr)]); k+=1
            while len(pres)<m:
                c=rng.choice(common)
                if c not in pres: pres.append(c)
        traps=[]
        for j in range(rng.randint(0 if w<60 else 1,2 if w<60 else 3 if w<180 else 6)):
            c=rng.choice(ids if rng.random()<.5 else common)
            if c not in pres: traps.append(f"{rng.choices(['denied','past','other person','possible','in place / good fact'],[30,20,25,10,15])[0]}: {c} {name[c]}")
        kind='hurried telegraphic note' if w<45 and rng.random()<.5 else rng.choice(kinds)
        out.append('\t'.join([f"{prefix}{n:03d}",lang,f"{w} words",kind,'PRESENT: '+('; '.join(c+' '+name[c] for c in pres) or 'nothing much, all well or a mere question'),'TRAPS: '+('; '.join(traps) or 'none')]))
    (out_dir/f'seeds_{prefix}{f+1:02d}.txt').write_text('\n'.join(out)+'\n',encoding='utf8')
