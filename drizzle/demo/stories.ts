/* What the bakery's blog is about. Titles are a subject in a pattern, plus the news; bodies are put together from parts. */

const SUBJECTS = [
  ...['sourdough', 'baguette', 'rye loaf', 'croissant', 'brioche', 'kouign-amann', 'canelé', 'éclair', 'macaron'],
  ...['Black Forest cake', 'cheesecake', 'lemon tart', 'focaccia', 'ciabatta', 'quiche', 'gingerbread', 'stollen'],
  ...['pretzel', 'doughnut', 'hot cross bun', 'shortbread', 'granola', 'marmalade', 'hot chocolate'],
]

const PATTERNS = [
  'How we make our {}',
  'The long way to a good {}',
  'Three mistakes we made with our {}',
  'The story behind our {}',
  'A {} from your own oven',
  'What the seasons do to our {}',
  'Questions you ask about our {}',
  'A morning with the {}',
  'Why we changed the recipe of our {}',
]

const NEWS = [
  'We are opening on Sundays',
  'The new deck oven is here',
  'Two days in the mill',
  'What a fair price for flour looks like',
  'Our apprentices, one year on',
  'Bread for the food bank, every evening',
  'The counter, rebuilt',
  'Order ahead, collect at seven',
]

/** 214 titles, no two alike. */
export const TITLES = [
  ...PATTERNS.flatMap((pattern) =>
    SUBJECTS.map((subject) =>
      pattern.replace('A {}', /^[éeaiou]/i.test(subject) ? 'An {}' : 'A {}').replace('{}', subject),
    ),
  ).slice(0, 214 - NEWS.length),
  ...NEWS,
]

export const PARAGRAPHS = [
  'We start the evening before. Flour, water, salt, and what is left of yesterday’s dough; nothing that would hurry it.',
  'At four the first of us comes in, lights the lamp over the bench and puts a hand on the dough. It tells more than the clock.',
  'People ask what the secret is. There is none: good flour, enough time, and somebody who looks at what is in front of them.',
  'We tried it with less butter once. Nobody complained, and nobody came back for a second one. The butter is back.',
  'The mill is eleven kilometres away. When the harvest was wet we took the flour as it was and gave it another hour.',
  'A hot stone, a wet brush, and the door closed quickly. The first three minutes decide how it will look at noon.',
  'What does not sell goes to the food bank at six; what does not go there becomes crumbs, kvass, or breakfast for the hens.',
  'If you bake it at home: a cast-iron pot, lid on for the first half, and do not cut it while it sings.',
  'We write down every batch: temperature of the room, of the water, of the dough. The book from 2019 still settles arguments.',
  'Last winter the power failed at three in the morning. We carried the trays to the pizzeria next door and baked there.',
  'Our apprentices learn it in the first month and understand it in the third year. That is how it should be.',
  'There is a cheaper way to do this, and it takes forty minutes. You can taste the forty minutes.',
  'Somebody wrote to us that it reminded them of their grandmother’s kitchen. The letter hangs beside the oven.',
  'Salt goes in last. It tightens everything up, and for the first twenty minutes the dough should be allowed to be lazy.',
  'In summer we move the whole schedule by two hours. Warm dough has no patience.',
  'The recipe came with Hedwig from her first bakery, on the back of an invoice. It has been corrected eleven times since.',
]

export const COMMENTS = [
  'I tried this on Saturday and the children ate it before it had cooled down. Thank you!',
  'How long does it keep if I freeze half of it?',
  'The crust was perfect, the crumb a little dense. Was my water too cold?',
  'Finally somebody explains why the salt goes in last.',
  'Do you also have this without nuts?',
  'We drive twenty kilometres for it every other week. Worth it.',
  'Could you post the quantities for a smaller oven?',
  'My grandmother did it the same way, with a little more butter.',
  'Is the rye flour the one you sell in the shop?',
  'It was sold out at nine. Please bake more!',
  'Lovely story. Give my regards to the early shift.',
  'Does it work with spelt?',
  'I do not agree about the butter, but the bread is wonderful.',
  'When will the baking course come back?',
  'Ours turned out flat. Any idea?',
  'The best thing about Saturday mornings.',
]

export const SPAM = ['Earn money from home, ask me how!!!', 'Great post. Visit my site for cheap watches.']

export const TAGS = [
  ...['Sourdough', 'Rye', 'Spelt', 'Wheat', 'Gluten-free', 'Vegan', 'Butter', 'Chocolate', 'Fruit', 'Nuts', 'Cheese'],
  ...[
    'Spices',
    'Yeast',
    'Flour',
    'Milling',
    'Technique',
    'Recipes',
    'Home baking',
    'Ovens',
    'Tools',
    'Behind the scenes',
  ],
  ...['People', 'Apprentices', 'Suppliers', 'Sustainability', 'Prices', 'News', 'Opening hours', 'Events', 'Courses'],
  ...['Breakfast', 'Lunch', 'Christmas', 'Easter', 'Summer', 'Harvest', 'Weddings', 'History'],
]

export const AUTHORS = [
  ['Margot Lindner', 'Owns the place, bakes on Tuesdays, writes on Wednesdays.'],
  ['Tariq Haddad', 'Head baker. Believes in long fermentation and short meetings.'],
  ['Camille Girard', 'Pâtissière. Counts in grams, also outside work.'],
  ['Jonas Albrecht', 'Runs the counter and knows what you had last week.'],
  ['Sunniva Berge', 'Looks after suppliers, mills and fields.'],
  ['Owen Marsh', 'Third-year apprentice; keeps the starter alive on holidays.'],
] as const
